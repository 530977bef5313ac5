package dev.starling.rdma;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FakeVerbsTest {
  @BeforeEach
  void enter() {
    FakeVerbs.enter();
    assumeTrue(FakeVerbs.isFake(), "this class tests the fake and a real device is named");
    assertEquals(0, FakeVerbs.reset(), "objects that an earlier test left");
  }

  @Test
  void shouldHaveTheBindingsLoadTheFakeBeforeTheFirstTest() {
    assertEquals(FakeVerbs.library().toString(), System.getProperty("starling.ibverbs.library"));
    assertEquals(FakeVerbs.library().toString(), System.getProperty("starling.rdmacm.library"));
    assertEquals("fake0", FakeVerbs.device());
  }

  @Test
  void shouldRefuseNamesItDoesNotKnow() {
    assertEquals(0, FakeVerbs.live("qps"));
    assertEquals("", FakeVerbs.misuse() + FakeVerbs.log());
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> FakeVerbs.calls("ibv_nothing"))
            .getMessage()
            .contains("ibv_nothing"));
    assertThrows(IllegalArgumentException.class, () -> FakeVerbs.fail("ibv_nothing", 1, 12));
    assertThrows(IllegalArgumentException.class, () -> FakeVerbs.setDevice(0, "colour", 1));
    assertThrows(IllegalArgumentException.class, () -> FakeVerbs.killQp(1));
  }
}
