package dev.starling.models;

/** Reads model specifications as people type them. */
public final class Models {
  private static final String USAGE = "use softmax, or mlp: and hidden widths such as mlp:256,128";

  private Models() {}

  /**
   * Makes the model of a specification.
   *
   * @param specification {@code softmax}, or {@code mlp:} followed by hidden widths separated by
   *     commas
   * @param inputs features of one sample
   * @param classes number of classes
   * @return the model
   * @throws IllegalArgumentException with one sentence if the specification is malformed or a size
   *     out of range
   */
  public static Model parse(String specification, int inputs, int classes) {
    if (specification.equals("softmax")) {
      return new SoftmaxRegression(inputs, classes);
    }
    if (!specification.startsWith("mlp:")) {
      throw new IllegalArgumentException("unknown model '" + specification + "'; " + USAGE);
    }
    String[] parts = specification.substring("mlp:".length()).split(",", -1);
    if (parts.length > Mlp.MAX_HIDDEN_LAYERS) {
      throw new IllegalArgumentException(
          "model '%s' has %d hidden layers; use 1 to %d"
              .formatted(abbreviate(specification), parts.length, Mlp.MAX_HIDDEN_LAYERS));
    }
    int[] hidden = new int[parts.length];
    for (int i = 0; i < parts.length; i++) {
      hidden[i] = parseWidth(specification, parts[i].strip());
    }
    return new Mlp(inputs, classes, hidden);
  }

  private static int parseWidth(String specification, String text) {
    if (text.isEmpty() || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw new IllegalArgumentException(
          "model '%s' has '%s' where a hidden width belongs; %s"
              .formatted(abbreviate(specification), abbreviate(text), USAGE));
    }
    // Ten digits are already beyond the limit and still fit a long.
    long width = text.length() > 10 ? Long.MAX_VALUE : Long.parseLong(text);
    if (width < 1 || width > DenseLayers.MAX_WIDTH) {
      throw new IllegalArgumentException(
          "model '%s' has a hidden layer of width %s; use 1 to %d"
              .formatted(abbreviate(specification), abbreviate(text), DenseLayers.MAX_WIDTH));
    }
    return (int) width;
  }

  private static String abbreviate(String text) {
    return text.length() <= 60 ? text : text.substring(0, 57) + "...";
  }
}
