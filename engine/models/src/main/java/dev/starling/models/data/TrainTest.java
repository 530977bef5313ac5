package dev.starling.models.data;

/**
 * A training set, a test set that was not looked at, and the scaling both went through.
 *
 * @param train training samples
 * @param test test samples of the same shape and classes
 * @param standardisation scaling, computed from the training images alone
 */
public record TrainTest(Dataset train, Dataset test, Standardisation standardisation) {
  /**
   * Checks that both sets fit the same model.
   *
   * @throws IllegalArgumentException if shape or classes differ
   */
  public TrainTest {
    if (train.width() != test.width()
        || train.height() != test.height()
        || train.channels() != test.channels()
        || train.classes() != test.classes()) {
      throw new IllegalArgumentException(
          "training samples are %d x %d x %d in %d classes but test samples %d x %d x %d in %d: give sets of one shape"
              .formatted(
                  train.width(),
                  train.height(),
                  train.channels(),
                  train.classes(),
                  test.width(),
                  test.height(),
                  test.channels(),
                  test.classes()));
    }
  }

  /**
   * Scales both sets by what the training images say.
   *
   * @param train training images
   * @param test test images
   * @return the scaled sets
   * @throws IllegalArgumentException if shape or classes differ
   */
  public static TrainTest standardised(PixelImages train, PixelImages test) {
    Standardisation standardisation = Standardisation.of(train);
    return new TrainTest(
        standardisation.apply(train), standardisation.apply(test), standardisation);
  }
}
