package dev.starling.jextract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

class LanesTest {
  @Test
  void shouldGoOnWhenTheToolIsThere() {
    Lanes.enter("cc,spin", "cc", true, "no C compiler was found");
  }

  @Test
  void shouldSkipWithTheReasonWhenTheLaneIsNotRequired() {
    for (String required : new String[] {null, "", "spin", "ccache"}) {
      TestAbortedException skipped =
          assertThrows(
              TestAbortedException.class,
              () -> Lanes.enter(required, "cc", false, "no C compiler was found"));
      assertEquals("Lane 'cc' is skipped because no C compiler was found.", skipped.getMessage());
    }
  }

  @Test
  void shouldFailWhenTheLaneIsRequired() {
    for (String required : new String[] {"cc", "spin, cc", "cc,spin"}) {
      AssertionFailedError failed =
          assertThrows(
              AssertionFailedError.class,
              () -> Lanes.enter(required, "cc", false, "no C compiler was found"));
      assertEquals(
          "Lane 'cc' is required by STARLING_REQUIRED_LANES but no C compiler was found.",
          failed.getMessage());
    }
  }
}
