package dev.starling.rdma.disni;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.starling.rdma.FakeVerbs;

/** What each test of this package starts from and must leave behind. */
final class VerbsState {
  private static long before;

  private VerbsState() {}

  static void enter() {
    FakeVerbs.enter();
    FfmProvider.install();
    if (FakeVerbs.isFake()) {
      FakeVerbs.reset();
      before = live();
    }
  }

  /** DiSNI keeps one protection domain of each device, and librdmacm each device, for ever. */
  private static long live() {
    return FakeVerbs.live("mrs")
        + FakeVerbs.live("channels")
        + FakeVerbs.live("cqs")
        + FakeVerbs.live("qps")
        + FakeVerbs.live("event_channels")
        + FakeVerbs.live("ids")
        + FakeVerbs.live("device_lists");
  }

  static void assertNothingLeft() {
    if (FakeVerbs.isFake()) {
      assertEquals(before, live(), "live objects");
      assertEquals("", FakeVerbs.misuse());
    }
  }
}
