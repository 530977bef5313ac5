package dev.starling.cli.train;

import dev.starling.engine.ConfigurationException;
import dev.starling.models.Model;
import dev.starling.models.Models;
import dev.starling.models.data.Dataset;
import dev.starling.models.data.DatasetDirectory;
import dev.starling.models.data.DigitGenerator;
import dev.starling.models.data.TrainTest;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * Data and model of a run.
 *
 * @param train samples that are learned from
 * @param evaluation samples that accuracy is measured on: the test set, or the part of the training
 *     set that was held back
 * @param model what is trained
 */
record RunSetup(Dataset train, Dataset evaluation, Model model) {
  /** The generated digits are the same for every run, so that seeds can be compared. */
  private static final long DATA_SEED = 1;

  /**
   * Reads or draws the data and parses the model.
   *
   * @param options the run's options, checked
   * @return data and model that fit each other
   * @throws ConfigurationException when there is no such model, or nothing to train on is left
   * @throws IOException when the data cannot be read
   */
  static RunSetup of(TrainOptions options) throws IOException {
    // A model that is wrong for any data is told before data is read.
    parse(options.model, DigitGenerator.SIDE * DigitGenerator.SIDE, DigitGenerator.CLASSES);
    TrainTest data = load(options);
    Dataset train = data.train();
    Dataset evaluation = data.test();
    if (options.validationFraction > 0) {
      int held = (int) Math.round(train.count() * options.validationFraction);
      if (held < 1 || held >= train.count()) {
        throw new ConfigurationException(
            "--validation-fraction="
                + options.validationFraction
                + " of "
                + train.count()
                + " training samples leaves "
                + (held < 1 ? "none to evaluate on" : "none to train on")
                + ": choose another fraction");
      }
      evaluation = train.range(train.count() - held, train.count());
      train = train.range(0, train.count() - held);
    }
    return new RunSetup(train, evaluation, parse(options.model, train.inputs(), train.classes()));
  }

  private static Model parse(String specification, int inputs, int classes) {
    try {
      return Models.parse(specification, inputs, classes);
    } catch (IllegalArgumentException refused) {
      throw new ConfigurationException("--model: " + refused.getMessage());
    }
  }

  private static TrainTest load(TrainOptions options) throws IOException {
    if (options.data.equals(TrainOptions.GENERATED)) {
      int count = options.generatedSamples;
      return DigitGenerator.generate(count, Math.max(10, count / 4), DATA_SEED);
    }
    Path directory;
    try {
      directory = Path.of(options.data);
    } catch (InvalidPathException invalid) {
      throw new ConfigurationException("--data: " + invalid.getMessage());
    }
    return DatasetDirectory.load(directory);
  }
}
