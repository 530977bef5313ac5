package dev.starling.cli.doctor;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a JVM is and what it was started with.
 *
 * @param version of Java
 * @param name of the virtual machine
 * @param home where it is installed
 * @param nativeAccess whether the class path was given native access
 * @param vectorModule whether the vector module is there
 * @param missingFlags those of the update log's flags that are not in force
 */
record JvmFacts(
    Runtime.Version version,
    String name,
    String home,
    boolean nativeAccess,
    boolean vectorModule,
    List<String> missingFlags) {
  static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";
  static final String VECTOR_MODULE = "--add-modules=jdk.incubator.vector";

  /** {@code --sun-misc-unsafe-memory-access}, JEP 471: by default each first use is a warning. */
  private static final String UNSAFE = "--sun-misc-unsafe-memory-access=allow";

  private static final Map<String, String> EXPORTS =
      Map.of(
          "sun.nio.ch", "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
          "jdk.internal.ref", "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED");
  private static final String OPENED = "java.lang.reflect";
  private static final String OPENS = "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED";

  static JvmFacts ofProcess() {
    Module base = Object.class.getModule();
    Module own = JvmFacts.class.getModule();
    List<String> missing = new ArrayList<>();
    if (!ManagementFactory.getRuntimeMXBean().getInputArguments().contains(UNSAFE)) {
      missing.add(UNSAFE);
    }
    if (!base.isOpen(OPENED, own)) {
      missing.add(OPENS);
    }
    EXPORTS.entrySet().stream()
        .filter(export -> !base.isExported(export.getKey(), own))
        .map(Map.Entry::getValue)
        .sorted()
        .forEach(missing::add);
    return new JvmFacts(
        Runtime.version(),
        System.getProperty("java.vm.name"),
        System.getProperty("java.home"),
        own.isNativeAccessEnabled(),
        ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent(),
        List.copyOf(missing));
  }
}
