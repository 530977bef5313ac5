package dev.starling.cli.page;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Writes XML that browsers read as HTML, too. Text and attributes are escaped here and only here.
 */
final class Markup {
  private static final char REPLACEMENT = '\uFFFD';

  private final StringBuilder text = new StringBuilder();
  private final Deque<String> opened = new ArrayDeque<>();

  /**
   * Opens an element.
   *
   * @param element its name
   * @param attributes names and values in turn; one whose value is null is left out
   * @return this
   */
  Markup open(String element, String... attributes) {
    begin(element, attributes);
    text.append('>');
    opened.push(element);
    return this;
  }

  /** Closes the element that was opened last. */
  Markup close() {
    text.append("</").append(opened.pop()).append('>');
    return this;
  }

  /** Writes an element with nothing in it: one of SVG, or one that HTML knows to be void. */
  Markup empty(String element, String... attributes) {
    begin(element, attributes);
    text.append("/>");
    return this;
  }

  /** Writes an element that holds only text. */
  Markup element(String element, String content, String... attributes) {
    return open(element, attributes).text(content).close();
  }

  /** Writes text. */
  Markup text(String content) {
    escape(content);
    return this;
  }

  /** Breaks the line, where that means nothing. */
  Markup line() {
    text.append('\n');
    return this;
  }

  private void begin(String element, String... attributes) {
    text.append('<').append(element);
    for (int i = 0; i < attributes.length; i += 2) {
      if (attributes[i + 1] != null) {
        text.append(' ').append(attributes[i]).append("=\"");
        escape(attributes[i + 1]);
        text.append('"');
      }
    }
  }

  private void escape(String content) {
    for (int i = 0; i < content.length(); i++) {
      char next = content.charAt(i);
      switch (next) {
        case '&' -> text.append("&amp;");
        case '<' -> text.append("&lt;");
        case '>' -> text.append("&gt;");
        case '"' -> text.append("&quot;");
        case '\'' -> text.append("&#39;");
        default -> i += character(content, i, next);
      }
    }
  }

  /**
   * Writes what XML allows, and a replacement for the rest. Returns how many chars more it took.
   */
  private int character(String content, int at, char next) {
    if (Character.isHighSurrogate(next)
        && at + 1 < content.length()
        && Character.isLowSurrogate(content.charAt(at + 1))) {
      text.append(next).append(content.charAt(at + 1));
      return 1;
    }
    boolean allowed =
        next >= ' ' && next < 0x7F || next >= 0xA0 && next < 0xFFFE || next == '\t' || next == '\n';
    text.append(allowed && !Character.isSurrogate(next) ? next : REPLACEMENT);
    return 0;
  }

  /** {@return what was written; every element must have been closed} */
  @Override
  public String toString() {
    return toString(0);
  }

  /** {@return what was written, with some elements left open} */
  String toString(int open) {
    if (opened.size() != open) {
      throw new IllegalStateException(
          "%d elements are open instead of %d, the last is %s"
              .formatted(opened.size(), open, opened.peek()));
    }
    return text.toString();
  }
}
