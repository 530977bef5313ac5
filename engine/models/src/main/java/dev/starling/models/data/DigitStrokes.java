package dev.starling.models.data;

/**
 * The strokes of the ten digits in the unit square, y pointing down. A curve runs smoothly through
 * its points, a line straight from one to the next; each is {@code x0, y0, x1, y1, ...}.
 */
final class DigitStrokes {
  private DigitStrokes() {}

  /**
   * One stroke.
   *
   * @param smooth whether it runs as a Catmull-Rom curve rather than straight
   * @param points coordinates, two per point, at least two points
   */
  record Stroke(boolean smooth, double... points) {}

  private static Stroke curve(double... points) {
    return new Stroke(true, points);
  }

  private static Stroke line(double... points) {
    return new Stroke(false, points);
  }

  /** Ways to write each digit. */
  private static final Stroke[][][] SHAPES = {
    {
      {
        curve(
            .52, .11, .32, .20, .24, .48, .31, .78, .50, .89, .69, .78, .76, .48, .67, .20, .50,
            .11)
      }
    },
    {
      {line(.51, .11, .49, .89)},
      {line(.36, .28, .53, .11, .53, .89)},
      {line(.36, .28, .52, .11, .52, .89), line(.34, .89, .70, .89)}
    },
    {
      {
        curve(.26, .30, .36, .14, .58, .12, .71, .28, .62, .50, .42, .70, .24, .88),
        line(.24, .88, .77, .87)
      },
      {
        curve(
            .28, .28, .42, .13, .64, .17, .69, .38, .52, .64, .28, .85, .24, .78, .36, .74, .54,
            .84, .78, .86)
      }
    },
    {
      {
        curve(.28, .18, .48, .11, .67, .20, .65, .38, .46, .47),
        curve(.46, .47, .70, .56, .73, .76, .54, .89, .27, .82)
      },
      {line(.28, .13, .70, .13, .46, .43), curve(.46, .43, .69, .50, .74, .72, .55, .89, .27, .82)}
    },
    {
      {line(.57, .11, .24, .61, .78, .61), line(.61, .36, .61, .89)},
      {line(.30, .13, .27, .50, .70, .50), line(.70, .13, .68, .89)}
    },
    {
      {
        line(.72, .13, .36, .13, .32, .46),
        curve(.32, .46, .54, .41, .73, .56, .70, .78, .50, .89, .27, .82)
      },
      {curve(.71, .15, .40, .14, .34, .42, .58, .46, .70, .64, .58, .86, .28, .84)}
    },
    {
      {
        curve(
            .64, .11, .42, .28, .29, .56, .33, .80, .52, .89, .70, .76, .64, .56, .46, .54, .32,
            .68)
      },
      {curve(.50, .11, .34, .36, .29, .66, .42, .87, .62, .84, .68, .66, .52, .56, .32, .68)}
    },
    {
      {line(.25, .14, .75, .14, .43, .89)},
      {line(.25, .14, .75, .14, .43, .89), line(.34, .50, .68, .50)},
      {curve(.26, .22, .30, .14, .52, .15, .74, .14, .60, .42, .50, .66, .46, .89)}
    },
    {
      {
        curve(.50, .48, .32, .38, .34, .18, .50, .11, .66, .18, .68, .36, .50, .48),
        curve(.50, .48, .29, .60, .28, .80, .50, .89, .72, .80, .71, .60, .50, .48)
      },
      {
        curve(
            .68, .20, .50, .11, .33, .22, .40, .41, .62, .58, .70, .76, .50, .89, .31, .77, .38,
            .57, .60, .40, .68, .20)
      }
    },
    {
      {
        curve(
            .68, .30, .56, .12, .35, .18, .30, .38, .44, .50, .62, .43, .69, .26, .66, .60, .58,
            .89)
      },
      {curve(.66, .22, .48, .11, .32, .26, .36, .45, .54, .48, .68, .30), line(.68, .22, .67, .89)}
    }
  };

  /**
   * Number of ways to write a digit.
   *
   * @param digit 0 to 9
   * @return at least 1
   */
  static int variants(int digit) {
    return SHAPES[digit].length;
  }

  /**
   * The strokes of one way to write a digit.
   *
   * @param digit 0 to 9
   * @param variant 0 to {@code variants(digit) - 1}
   * @return the strokes, shared and not to be written
   */
  static Stroke[] strokes(int digit, int variant) {
    return SHAPES[digit][variant];
  }
}
