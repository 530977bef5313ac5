package dev.starling.rdma.disni;

import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;

import com.ibm.disni.util.DiSNILogger;
import dev.starling.engine.StarlingException;
import dev.starling.jextract.libc.CallState;
import dev.starling.jextract.libc.Errno;
import dev.starling.jextract.libc.Libc;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * Stands in for DiSNI's class {@code NativeAffinity}, whose initialiser loads DiSNI's native
 * library and would end every thread of an endpoint group that serves completions.
 *
 * <p>A class of that name is defined beside DiSNI's others before DiSNI can load its own; it calls
 * what {@link #install} puts into its fields.
 */
final class CqThreadAffinity {
  private static final String NAME = "com.ibm.disni.util.NativeAffinity";
  private static final ClassDesc THIS = ClassDesc.of(NAME);
  private static final ClassDesc SETTER = LongConsumer.class.describeConstable().orElseThrow();
  private static final ClassDesc GETTER = LongSupplier.class.describeConstable().orElseThrow();

  private CqThreadAffinity() {}

  /** Defines the class; fails when DiSNI has already loaded its own. */
  static void install() {
    try {
      Class<?> defined =
          MethodHandles.privateLookupIn(DiSNILogger.class, MethodHandles.lookup())
              .defineClass(bytes());
      LongConsumer setter = CqThreadAffinity::bind;
      LongSupplier getter = CqThreadAffinity::mask;
      defined.getField("setter").set(null, setter);
      defined.getField("getter").set(null, getter);
    } catch (ReflectiveOperationException | LinkageError failure) {
      throw new StarlingException(
          "DiSNI's class "
              + NAME
              + " cannot be replaced ("
              + failure
              + "): call FfmProvider.install() before any other use of com.ibm.disni",
          failure);
    }
  }

  private static byte[] bytes() {
    int publicStatic = ClassFile.ACC_PUBLIC | ClassFile.ACC_STATIC;
    return ClassFile.of()
        .build(
            THIS,
            type ->
                type.withFlags(ClassFile.ACC_PUBLIC | ClassFile.ACC_FINAL)
                    .withField("setter", SETTER, publicStatic)
                    .withField("getter", GETTER, publicStatic)
                    .withMethodBody(
                        "setAffinity",
                        MethodTypeDesc.of(CD_void, CD_long),
                        publicStatic,
                        code ->
                            code.getstatic(THIS, "setter", SETTER)
                                .lload(0)
                                .invokeinterface(
                                    SETTER, "accept", MethodTypeDesc.of(CD_void, CD_long))
                                .return_())
                    .withMethodBody(
                        "getAffinity",
                        MethodTypeDesc.of(CD_long),
                        publicStatic,
                        code ->
                            code.getstatic(THIS, "getter", GETTER)
                                .invokeinterface(GETTER, "getAsLong", MethodTypeDesc.of(CD_long))
                                .lreturn()));
  }

  /** Binds the calling thread to the CPUs of a mask, lowest bit first; DiSNI's 0 binds to none. */
  private static void bind(long mask) {
    if (mask <= 0) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = CallState.allocate(arena);
      MemorySegment cpus = arena.allocateFrom(ValueLayout.JAVA_LONG, mask);
      if (Libc.sched_setaffinity(state, 0, Long.BYTES, cpus) != 0) {
        throw new StarlingException(
            "binding a completion thread to the CPUs 0x%x failed with %s: name CPUs that the machine has"
                .formatted(mask, Errno.name(CallState.errno(state))));
      }
    }
  }

  /** The CPUs of the calling thread, of the first 64. */
  private static long mask() {
    long maskBytes = 1024;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = CallState.allocate(arena);
      MemorySegment cpus = arena.allocate(maskBytes, Long.BYTES);
      if (Libc.sched_getaffinity(state, 0, maskBytes, cpus) < 0) {
        throw new StarlingException(
            "reading the CPUs of a thread failed with %s: see whether a sandbox forbids it"
                .formatted(Errno.name(CallState.errno(state))));
      }
      return cpus.get(ValueLayout.JAVA_LONG, 0);
    }
  }
}
