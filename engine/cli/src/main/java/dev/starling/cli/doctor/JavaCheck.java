package dev.starling.cli.doctor;

import dev.starling.engine.health.Finding;
import dev.starling.engine.health.HealthCheck;
import dev.starling.engine.health.Workload;
import java.util.List;

/** Whether this JVM is the right one and has the flags that the engine needs. */
final class JavaCheck implements HealthCheck {
  private static final int RELEASE = 25;

  private final JvmFacts jvm;

  JavaCheck(JvmFacts jvm) {
    this.jvm = jvm;
  }

  @Override
  public String area() {
    return "java";
  }

  @Override
  public List<Finding> examine(Workload workload) {
    return List.of(version(), nativeAccess(), vectors(), logFlags());
  }

  private Finding version() {
    String what = "Java %s, %s, %s".formatted(jvm.version(), jvm.name(), jvm.home());
    return jvm.version().feature() == RELEASE
        ? Finding.ok("version", what)
        : Finding.note(
            "version",
            what + "; Starling is built for and tested on Java " + RELEASE,
            "set JAVA_HOME to a JDK " + RELEASE);
  }

  private Finding nativeAccess() {
    return jvm.nativeAccess()
        ? Finding.ok("native access", "granted")
        : Finding.note(
            "native access",
            "not granted: Java prints a warning, and a later one will refuse",
            "start java with " + JvmFacts.NATIVE_ACCESS);
  }

  private Finding vectors() {
    return jvm.vectorModule()
        ? Finding.ok("vector module", "present")
        : Finding.problem(
            "vector module",
            "jdk.incubator.vector is missing, so nothing can be computed",
            "start java with " + JvmFacts.VECTOR_MODULE);
  }

  private Finding logFlags() {
    return jvm.missingFlags().isEmpty()
        ? Finding.ok("log flags", "present")
        : Finding.note(
            "log flags",
            "missing, so a run with --log cannot write its log",
            "start java with " + String.join(" ", jvm.missingFlags()));
  }
}
