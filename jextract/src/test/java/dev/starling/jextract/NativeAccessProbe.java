package dev.starling.jextract;

import dev.starling.jextract.libc.Libc;

/** Main class of the child JVM in {@link DowncallsTest}: calls two bindings, one of them twice. */
final class NativeAccessProbe {
  private NativeAccessProbe() {}

  public static void main(String[] args) {
    attempt(Libc::getpid);
    attempt(Libc::getpid);
    attempt(() -> Libc.strerror(1));
  }

  private static void attempt(Runnable call) {
    try {
      call.run();
      System.out.println("called");
    } catch (NativeAccessException e) {
      System.out.println(e.getMessage());
    }
  }
}
