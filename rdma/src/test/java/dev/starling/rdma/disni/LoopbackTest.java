package dev.starling.rdma.disni;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.rdma.FakeVerbs;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One-sided verbs on a queue pair that is connected to itself. */
@Timeout(60)
@Tag("device")
class LoopbackTest {
  private static final int SUCCESS = 0;
  private static final int REMOTE_INVALID_REQUEST = 9;
  private static final int REMOTE_ACCESS = 10;

  @BeforeEach
  void enter() {
    VerbsState.enter();
  }

  @AfterEach
  void checkLeaks() {
    VerbsState.assertNothingLeft();
  }

  @Test
  void shouldListAndDescribeTheDevice() {
    assertTrue(FfmContext.deviceNames().contains(FakeVerbs.device()));
    try (FfmContext context = FfmContext.open(FakeVerbs.device())) {
      assertEquals(FakeVerbs.device(), context.deviceName());
      DeviceLimits limits = context.limits();
      assertNotEquals(AtomicCapability.NONE, limits.atomicCap());
      assertTrue(limits.maxQp() > 0 && limits.maxCqe() > 0 && limits.maxMrBytes() > 0);
      assertTrue(limits.maxQpRdAtom() > 0 && limits.maxQpInitRdAtom() > 0);
      PortInfo port = context.port(1);
      assertEquals(PortState.ACTIVE, port.state());
      assertEquals(128 << port.activeMtuCode(), port.activeMtuBytes());
      assertTrue(port.maxMessageBytes() >= 1 << 20, port::toString);
      assertEquals(16, context.gid(1, 0).length);
      assertEquals(0x7fff, context.pkey(1, 0) & 0x7fff);
    }
  }

  @Test
  void shouldNameTheDevicesWhenOneIsUnknown() {
    VerbsException failure = assertThrows(VerbsException.class, () -> FfmContext.open("nosuch0"));
    assertTrue(failure.getMessage().contains("nosuch0"), failure::getMessage);
    assertTrue(failure.getMessage().contains(FakeVerbs.device()), failure::getMessage);
    assertEquals("nosuch0", failure.device());
  }

  @Test
  void shouldReadAndWriteInOneChain() {
    try (Loopback loop = new Loopback()) {
      MemorySegment memory = loop.memory(1 << 16);
      memory.asSlice(0, 4096).fill((byte) 7);
      try (FfmMr mr = loop.pd.register(memory, Loopback.ALL)) {
        long base = mr.addressLong();
        loop.requests.write(0, 1, base, 4096, mr.lkey(), base + 8192, mr.rkey(), false, false);
        loop.requests.read(1, 2, base + 16384, 4096, mr.lkey(), base + 8192, mr.rkey(), true);
        loop.requests.fence(1, true);
        assertEquals(SUCCESS, loop.run(0, 2));
        assertEquals(2, loop.completions.wrId(0));
        assertEquals(loop.qp.number(), loop.completions.qpNumber(0));
        assertEquals(-1, memory.asSlice(0, 4096).mismatch(memory.asSlice(16384, 4096)));
      }
    }
  }

  @Test
  void shouldWriteInlineFromMemoryThatIsNotRegistered() {
    try (Loopback loop = new Loopback()) {
      MemorySegment memory = loop.memory(4096);
      MemorySegment unregistered = loop.memory(64).fill((byte) 3);
      try (FfmMr mr = loop.pd.register(memory, Loopback.ALL)) {
        assertTrue(loop.qp.maxInlineBytes() >= 32);
        loop.requests.write(
            5, 9, unregistered.address(), 32, 0, mr.addressLong(), mr.rkey(), true, true);
        assertEquals(SUCCESS, loop.run(5, 1));
        assertEquals(3, memory.get(JAVA_BYTE, 31));
        assertEquals(0, memory.get(JAVA_BYTE, 32));
      }
    }
  }

  @Test
  void shouldCompareAndSwapAndAdd() {
    try (Loopback loop = new Loopback()) {
      MemorySegment memory = loop.memory(4096);
      memory.set(JAVA_LONG, 8, 5);
      try (FfmMr mr = loop.pd.register(memory, Loopback.ALL)) {
        long base = mr.addressLong();
        loop.requests.compareAndSwap(0, 1, base, mr.lkey(), base + 8, mr.rkey(), 5, 1L << 40, true);
        assertEquals(SUCCESS, loop.run(0, 1));
        assertEquals(5, memory.get(JAVA_LONG, 0));
        assertEquals(1L << 40, memory.get(JAVA_LONG, 8));
        loop.requests.compareAndSwap(0, 2, base, mr.lkey(), base + 8, mr.rkey(), 5, 6, true);
        assertEquals(SUCCESS, loop.run(0, 1));
        assertEquals(1L << 40, memory.get(JAVA_LONG, 0));
        assertEquals(1L << 40, memory.get(JAVA_LONG, 8));
        loop.requests.fetchAndAdd(1, 3, base, mr.lkey(), base + 8, mr.rkey(), -1, true);
        assertEquals(SUCCESS, loop.run(1, 1));
        assertEquals((1L << 40) - 1, memory.get(JAVA_LONG, 8));
      }
    }
  }

  @Test
  void shouldTellARemoteAccessErrorWhenTheKeyIsWrong() {
    try (Loopback loop = new Loopback()) {
      MemorySegment memory = loop.memory(4096);
      try (FfmMr mr = loop.pd.register(memory, Loopback.ALL)) {
        long base = mr.addressLong();
        loop.requests.read(0, 1, base, 8, mr.lkey(), base + 64, mr.rkey() ^ 0x5a00, true);
        assertEquals(REMOTE_ACCESS, loop.run(0, 1));
        assertEquals("remote access error (10)", Completions.statusName(REMOTE_ACCESS));
        assertEquals(1, loop.completions.wrId(0));
        assertEquals(loop.qp.number(), loop.completions.qpNumber(0));
        if (FakeVerbs.isFake()) {
          assertEquals(FakeVerbs.VENDOR_ERROR, loop.completions.vendorError(0));
        }
        assertEquals(QpState.ERR, loop.qp.state());
      }
    }
  }

  @Test
  void shouldRefuseAtomicsThatTheRegionOrTheQueuePairDoesNotAllow() {
    int noAtomics = Loopback.ALL & ~Loopback.REMOTE_ATOMIC;
    assertEquals(REMOTE_ACCESS, atomicStatus(Loopback.ALL, noAtomics));
    assertEquals(REMOTE_INVALID_REQUEST, atomicStatus(noAtomics, Loopback.ALL));
  }

  private static int atomicStatus(int qpAccess, int mrAccess) {
    try (Loopback loop = new Loopback(qpAccess);
        FfmMr mr = loop.pd.register(loop.memory(4096), mrAccess)) {
      long base = mr.addressLong();
      loop.requests.fetchAndAdd(0, 1, base, mr.lkey(), base + 8, mr.rkey(), 1, true);
      return loop.run(0, 1);
    }
  }

  /** Devices differ: soft-RoCE refuses the post, others complete with an error. */
  @Test
  void shouldRefuseAtomicsOnMisalignedWords() {
    try (Loopback loop = new Loopback();
        FfmMr mr = loop.pd.register(loop.memory(4096), Loopback.ALL)) {
      long base = mr.addressLong();
      loop.requests.fetchAndAdd(0, 1, base, mr.lkey(), base + 12, mr.rkey(), 1, true);
      int errno = loop.requests.post(loop.qp, 0, 1);
      if (errno == 0) {
        assertNotEquals(SUCCESS, Loopback.await(loop.completions, loop.cq));
      } else {
        assertEquals(22, errno);
        assertEquals(0, loop.requests.badSlot());
      }
    }
  }

  @Test
  void shouldFlushWhatIsPostedAfterAnError() {
    try (Loopback loop = new Loopback();
        FfmMr mr = loop.pd.register(loop.memory(4096), Loopback.ALL)) {
      assertEquals(QpState.RTS, loop.qp.state());
      loop.qp.error();
      loop.qp.error();
      assertEquals(QpState.ERR, loop.qp.state());
      long base = mr.addressLong();
      loop.requests.read(3, 77, base, 8, mr.lkey(), base + 64, mr.rkey(), true);
      assertEquals(5, loop.run(3, 1));
      assertEquals(77, loop.completions.wrId(0));
    }
  }

  @Test
  void shouldRefuseUseAfterClose() {
    Loopback loop = new Loopback();
    FfmMr mr = loop.pd.register(loop.memory(4096), Loopback.ALL);
    mr.close();
    mr.close();
    loop.close();
    loop.close();
    assertThrows(VerbsException.class, loop.qp::error);
    assertThrows(VerbsException.class, loop.qp::state);
    assertThrows(IllegalStateException.class, () -> loop.requests.post(loop.qp, 0, 1));
    assertThrows(IllegalStateException.class, () -> loop.completions.poll(loop.cq));
    try (SendRequests requests = new SendRequests(1);
        Completions completions = new Completions(1)) {
      assertThrows(VerbsException.class, () -> requests.post(loop.qp, 0, 1));
      assertThrows(VerbsException.class, () -> completions.poll(loop.cq));
    }
    assertThrows(VerbsException.class, loop.context::limits);
    assertThrows(VerbsException.class, loop.context::allocPd);
  }

  @Test
  void shouldRefuseEndlessRetries() {
    assertThrows(
        ConfigurationException.class,
        () -> new PathOptions(1, 0, 3, 1, 1, 0, 0, 1, 14, 7, 6, 12, true));
    assertThrows(
        ConfigurationException.class,
        () -> new PathOptions(1, 0, 3, 1, 1, 0, 0, 1, 0, 6, 6, 12, true));
  }
}
