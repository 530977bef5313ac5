package dev.starling.models.data;

import java.util.SplittableRandom;

/**
 * Draws digit-like images of 28 x 28 pixels in ten classes, so that a real model can be trained
 * without any download.
 *
 * <p>Each image is one way to write its digit, every point of its strokes jittered, the whole
 * rotated, scaled, sheared and shifted at random, drawn by a pen of random width and darkness with
 * anti-aliasing, over faint noise. The same seed gives the same bits on every machine: only exactly
 * specified arithmetic is used. Image {@code i} depends on the seed, on which set it belongs to and
 * on {@code i} alone, and its class is {@code i mod 10}, so any run of ten images holds every
 * class.
 */
public final class DigitGenerator {
  /** Number of classes. */
  public static final int CLASSES = 10;

  /** Pixels per line and lines per image. */
  public static final int SIDE = 28;

  private static final int PIXELS = SIDE * SIDE;
  private static final int MAX_IMAGES = (Integer.MAX_VALUE - 8) / PIXELS;
  private static final int PIECES = 5;

  private static final double MAX_ROTATION = 0.25;
  private static final double MAX_SHEAR = 0.35;
  private static final double MIN_SCALE = 0.75;
  private static final double MAX_SCALE = 1.05;
  private static final double MAX_SHIFT_PIXELS = 1.8;
  private static final double JITTER = 0.08;
  private static final double MIN_PEN_PIXELS = 0.8;
  private static final double MAX_PEN_PIXELS = 1.9;
  private static final double MIN_INK = 0.6;
  private static final double NOISE = 0.15;

  private final SplittableRandom random;
  private final double[] ink = new double[PIXELS];
  private double xx;
  private double xy;
  private double yx;
  private double yy;
  private double shiftX;
  private double shiftY;
  private double pen;

  private DigitGenerator(SplittableRandom random) {
    this.random = random;
  }

  /**
   * Draws a training and a test set and scales both by the training images.
   *
   * @param train number of training images, at least 1
   * @param test number of test images, at least 1
   * @param seed seed
   * @return the sets
   * @throws IllegalArgumentException if a number is not positive or too large for an array
   */
  public static TrainTest generate(int train, int test, long seed) {
    return TrainTest.standardised(
        images("generated train", train, seed, 0), images("generated test", test, seed, 1));
  }

  /**
   * Draws one set as bytes.
   *
   * @param name short name of the set for messages
   * @param count number of images, at least 1
   * @param seed seed
   * @param set number of the set; sets of one seed have no image in common
   * @return the images
   * @throws IllegalArgumentException if the count is not positive or too large for an array
   */
  public static PixelImages images(String name, int count, long seed, int set) {
    if (count < 1 || count > MAX_IMAGES) {
      throw new IllegalArgumentException(
          "cannot draw %d images for %s; use 1 to %d".formatted(count, name, MAX_IMAGES));
    }
    byte[] pixels = new byte[count * PIXELS];
    byte[] labels = new byte[count];
    SplittableRandom ofSet = new SplittableRandom(seed + 0x632BE59BD9B4E019L * set);
    for (int i = 0; i < count; i++) {
      labels[i] = (byte) (i % CLASSES);
      new DigitGenerator(new SplittableRandom(ofSet.nextLong()))
          .draw(labels[i], pixels, i * PIXELS);
    }
    return new PixelImages(name, pixels, labels, CLASSES, SIDE, SIDE, 1);
  }

  private void draw(int digit, byte[] pixels, int to) {
    placeAtRandom();
    int variant = random.nextInt(DigitStrokes.variants(digit));
    for (DigitStrokes.Stroke stroke : DigitStrokes.strokes(digit, variant)) {
      drawStroke(stroke);
    }
    double darkness = between(MIN_INK, 1);
    for (int i = 0; i < PIXELS; i++) {
      double value = darkness * ink[i] + NOISE * (random.nextDouble() + random.nextDouble() - 1);
      pixels[to + i] = (byte) Math.round(255 * Math.clamp(value, 0.0, 1.0));
    }
  }

  private double between(double low, double high) {
    return low + (high - low) * random.nextDouble();
  }

  /** Chooses pen and affine map from the unit square to pixels. */
  private void placeAtRandom() {
    double angle = between(-MAX_ROTATION, MAX_ROTATION);
    double shear = between(-MAX_SHEAR, MAX_SHEAR);
    double scaleX = (SIDE - 6) * between(MIN_SCALE, MAX_SCALE);
    double scaleY = (SIDE - 6) * between(MIN_SCALE, MAX_SCALE);
    double cos = StrictMath.cos(angle);
    double sin = StrictMath.sin(angle);
    xx = scaleX * cos;
    xy = scaleX * shear * cos - scaleY * sin;
    yx = scaleX * sin;
    yy = scaleX * shear * sin + scaleY * cos;
    shiftX = SIDE / 2.0 + between(-MAX_SHIFT_PIXELS, MAX_SHIFT_PIXELS);
    shiftY = SIDE / 2.0 + between(-MAX_SHIFT_PIXELS, MAX_SHIFT_PIXELS);
    pen = between(MIN_PEN_PIXELS, MAX_PEN_PIXELS);
  }

  private void drawStroke(DigitStrokes.Stroke stroke) {
    int count = stroke.points().length / 2;
    double[] x = new double[count];
    double[] y = new double[count];
    for (int i = 0; i < count; i++) {
      double u = stroke.points()[2 * i] - 0.5 + between(-JITTER, JITTER);
      double v = stroke.points()[2 * i + 1] - 0.5 + between(-JITTER, JITTER);
      x[i] = shiftX + xx * u + xy * v;
      y[i] = shiftY + yx * u + yy * v;
    }
    for (int i = 0; i + 1 < count; i++) {
      if (stroke.smooth()) {
        drawCurve(x, y, i);
      } else {
        drawSegment(x[i], y[i], x[i + 1], y[i + 1]);
      }
    }
  }

  /** The Catmull-Rom piece from point {@code i} to the next, the end points doubled. */
  private void drawCurve(double[] x, double[] y, int i) {
    int before = Math.max(i - 1, 0);
    int after = Math.min(i + 2, x.length - 1);
    double fromX = x[i];
    double fromY = y[i];
    for (int piece = 1; piece <= PIECES; piece++) {
      double t = (double) piece / PIECES;
      double toX = catmullRom(x[before], x[i], x[i + 1], x[after], t);
      double toY = catmullRom(y[before], y[i], y[i + 1], y[after], t);
      drawSegment(fromX, fromY, toX, toY);
      fromX = toX;
      fromY = toY;
    }
  }

  private static double catmullRom(double a, double b, double c, double d, double t) {
    double linear = (c - a) * t;
    double quadratic = (2 * a - 5 * b + 4 * c - d) * t * t;
    double cubic = (3 * b - a - 3 * c + d) * t * t * t;
    return 0.5 * (2 * b + linear + quadratic + cubic);
  }

  /**
   * Inks every pixel by how much of it the pen covers, taken from the distance of its centre to the
   * segment.
   */
  private void drawSegment(double ax, double ay, double bx, double by) {
    double reach = pen + 0.5;
    int left = Math.max((int) Math.floor(Math.min(ax, bx) - reach), 0);
    int right = Math.min((int) Math.ceil(Math.max(ax, bx) + reach), SIDE - 1);
    int top = Math.max((int) Math.floor(Math.min(ay, by) - reach), 0);
    int bottom = Math.min((int) Math.ceil(Math.max(ay, by) + reach), SIDE - 1);
    double dx = bx - ax;
    double dy = by - ay;
    double squared = Math.max(dx * dx + dy * dy, 1e-12);
    for (int row = top; row <= bottom; row++) {
      for (int column = left; column <= right; column++) {
        double px = column + 0.5 - ax;
        double py = row + 0.5 - ay;
        double along = Math.clamp((px * dx + py * dy) / squared, 0.0, 1.0);
        double ox = px - along * dx;
        double oy = py - along * dy;
        double covered = Math.clamp(reach - Math.sqrt(ox * ox + oy * oy), 0.0, 1.0);
        int at = row * SIDE + column;
        ink[at] = Math.max(ink[at], covered);
      }
    }
  }
}
