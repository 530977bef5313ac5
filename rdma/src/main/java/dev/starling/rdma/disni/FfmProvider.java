package dev.starling.rdma.disni;

import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaProvider;
import com.ibm.disni.verbs.RdmaVerbs;
import dev.starling.engine.StarlingException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Makes DiSNI run on this package instead of its native library.
 *
 * <p>DiSNI has no way to choose a provider: it keeps one in a private field and makes its own on
 * first use. {@link #install} fills that field, so it must come before any other use of DiSNI.
 *
 * <p>Threads: any.
 */
public final class FfmProvider extends RdmaProvider {
  /** What DiSNI's own provider answers for this version of the API. */
  private static final int INTERFACE_VERSION = 32;

  private static final FfmProvider INSTANCE = new FfmProvider();

  private final FfmVerbs verbs = new FfmVerbs();
  private final FfmCm cm = new FfmCm();

  private FfmProvider() {}

  /**
   * Puts this provider into DiSNI; repeating it does nothing.
   *
   * @throws StarlingException if DiSNI already runs on another provider, or is not the version that
   *     this one was written for
   */
  public static void install() {
    synchronized (RdmaProvider.class) {
      VarHandle field = field();
      RdmaProvider present = (RdmaProvider) field.get();
      if (present == INSTANCE) {
        return;
      }
      if (present != null) {
        throw new StarlingException(
            "DiSNI already runs on the provider "
                + present.getClass().getName()
                + ": call FfmProvider.install() before any other use of com.ibm.disni");
      }
      CqThreadAffinity.install();
      field.set(INSTANCE);
    }
  }

  private static VarHandle field() {
    try {
      return MethodHandles.privateLookupIn(RdmaProvider.class, MethodHandles.lookup())
          .findStaticVarHandle(RdmaProvider.class, "provider", RdmaProvider.class);
    } catch (ReflectiveOperationException failure) {
      throw new StarlingException(
          "DiSNI's provider cannot be replaced ("
              + failure.getMessage()
              + "): put com.ibm.disni:disni:2.1 on the class path, not on the module path",
          failure);
    }
  }

  @Override
  public RdmaCm openCm() {
    return cm;
  }

  @Override
  public RdmaVerbs openVerbs() {
    return verbs;
  }

  @Override
  public int getVersion() {
    return INTERFACE_VERSION;
  }
}
