package dev.starling.cli.page;

import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/** A page as an XML parser sees it. */
public final class Parsed {
  private final Document document;

  private Parsed(Document document) {
    this.document = document;
  }

  public static Parsed of(String html) {
    try {
      DocumentBuilder builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
      builder.setErrorHandler(null);
      return new Parsed(builder.parse(new InputSource(new StringReader(html))));
    } catch (SAXException | IOException | ParserConfigurationException failure) {
      throw new AssertionError("the page is no XML: " + failure.getMessage(), failure);
    }
  }

  static Parsed of(Figure figure) {
    return of(new Page("a page", "a sentence").section("a section").figure(figure).html());
  }

  /** The elements with this name whose class begins with the given one; all when that is empty. */
  public List<Element> all(String name, String kind) {
    List<Element> found = new ArrayList<>();
    NodeList nodes = document.getElementsByTagName(name);
    for (int i = 0; i < nodes.getLength(); i++) {
      Element element = (Element) nodes.item(i);
      if (kind.isEmpty() || (element.getAttribute("class") + " ").startsWith(kind + " ")) {
        found.add(element);
      }
    }
    return found;
  }

  public List<String> texts(String name, String kind) {
    return all(name, kind).stream().map(Element::getTextContent).toList();
  }

  public String text() {
    return document.getDocumentElement().getTextContent();
  }

  static double number(Element element, String attribute) {
    return Double.parseDouble(element.getAttribute(attribute));
  }
}
