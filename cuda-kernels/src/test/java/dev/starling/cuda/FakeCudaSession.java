package dev.starling.cuda;

import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Loads the fake driver before a test class is loaded, since JCuda's library takes the driver that
 * is there on its first use. Found by JUnit's service loader.
 */
public final class FakeCudaSession implements LauncherSessionListener {
  @Override
  public void launcherSessionOpened(LauncherSession session) {
    FakeCuda.prepare();
  }
}
