package dev.starling.rdma;

import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Points the bindings at the fake libraries before a test class is loaded, since they choose their
 * libraries once, on first use. Found by JUnit's service loader.
 */
public final class FakeVerbsSession implements LauncherSessionListener {
  @Override
  public void launcherSessionOpened(LauncherSession session) {
    FakeVerbs.prepare();
  }
}
