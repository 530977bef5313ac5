package dev.starling.jextract.libc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Finds by reflection whatever the package binds, so that no test has a list to forget. */
final class LibcBindings {
  private LibcBindings() {}

  /** Every constant by its C name; pointers as addresses. */
  static Map<String, Long> constants() {
    Map<String, Long> constants = new TreeMap<>();
    for (Method method : Libc.class.getMethods()) {
      if (Modifier.isStatic(method.getModifiers())
          && method.getParameterCount() == 0
          && method.getName().matches("[A-Z][A-Za-z0-9_]*")) {
        Object constant = invoke(method);
        constants.put(
            method.getName(),
            constant instanceof MemorySegment pointer
                ? pointer.address()
                : ((Number) constant).longValue());
      }
    }
    return constants;
  }

  /** The signature of every function by its C name. */
  static Map<String, FunctionDescriptor> functions() {
    Map<String, FunctionDescriptor> functions = new TreeMap<>();
    for (Class<?> type = Libc.class; type != Object.class; type = type.getSuperclass()) {
      for (Method method : type.getDeclaredMethods()) {
        if (method.getName().endsWith("$descriptor")) {
          functions.put(
              method.getName().replace("$descriptor", ""), (FunctionDescriptor) invoke(method));
        }
      }
    }
    return functions;
  }

  /** Every public static method that is neither constant nor struct accessor, by name. */
  static Map<String, Method> calls() {
    Map<String, Method> calls = new TreeMap<>();
    for (Method method : Libc.class.getMethods()) {
      if (Modifier.isStatic(method.getModifiers()) && method.getName().matches("[a-z_]+")) {
        calls.put(method.getName(), method);
      }
    }
    return calls;
  }

  /** The classes of the package that stand for C structs, with their layouts. */
  static Map<Class<?>, GroupLayout> structs() {
    Map<Class<?>, GroupLayout> structs =
        new TreeMap<>((a, b) -> a.getName().compareTo(b.getName()));
    try {
      Path root = Path.of(Libc.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      Path folder = root.resolve(Libc.class.getPackageName().replace('.', '/'));
      try (Stream<Path> files = Files.list(folder)) {
        files
            .map(file -> file.getFileName().toString())
            .filter(name -> name.matches("[a-z_]+\\.class"))
            .forEach(name -> addStruct(structs, name.replace(".class", "")));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
    return structs;
  }

  private static void addStruct(Map<Class<?>, GroupLayout> structs, String name) {
    try {
      Class<?> type = Class.forName(Libc.class.getPackageName() + "." + name);
      structs.put(type, (GroupLayout) invoke(type.getMethod("layout")));
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(name + " is named like a C struct but has no layout()", e);
    }
  }

  static Object invoke(Method method, Object... arguments) {
    try {
      return method.invoke(null, arguments);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(method + " cannot be called", e);
    }
  }
}
