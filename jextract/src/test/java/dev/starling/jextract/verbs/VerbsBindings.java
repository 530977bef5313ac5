package dev.starling.jextract.verbs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.PaddingLayout;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Finds by reflection whatever the package binds, so that no test has a list to forget. */
final class VerbsBindings {
  private VerbsBindings() {}

  /** A field of a struct, nested ones included; {@code path} is what C writes after the dot. */
  record Field(String path, long offset, long size) {
    String accessor() {
      return path.replace('.', '_');
    }
  }

  /** Every constant of a header class by its C name. */
  static Map<String, Long> constants(Class<?> header) {
    Map<String, Long> constants = new TreeMap<>();
    for (Method method : header.getMethods()) {
      if (Modifier.isStatic(method.getModifiers())
          && method.getParameterCount() == 0
          && method.getName().matches("[A-Z][A-Z0-9_]*")) {
        constants.put(method.getName(), ((Number) invoke(method)).longValue());
      }
    }
    return constants;
  }

  /** The signature of every function of a header class by its C name. */
  static Map<String, FunctionDescriptor> functions(Class<?> header) {
    Map<String, FunctionDescriptor> functions = new TreeMap<>();
    for (Class<?> type = header; type != Object.class; type = type.getSuperclass()) {
      for (Method method : type.getDeclaredMethods()) {
        if (method.getName().endsWith("$descriptor")) {
          functions.put(
              method.getName().replace("$descriptor", ""), (FunctionDescriptor) invoke(method));
        }
      }
    }
    return functions;
  }

  /** Every public static method of a header class that is named like a function of C, by name. */
  static Map<String, Method> calls(Class<?> header) {
    Map<String, Method> calls = new TreeMap<>();
    for (Method method : header.getMethods()) {
      if (Modifier.isStatic(method.getModifiers())
          && method.getName().matches("_*(ibv|rdma)_[a-z0-9_]+")) {
        calls.put(method.getName(), method);
      }
    }
    return calls;
  }

  /** The public classes of the package that stand for C structs and unions, with their layouts. */
  static Map<Class<?>, GroupLayout> structs() {
    Map<Class<?>, GroupLayout> structs =
        new TreeMap<>((a, b) -> a.getName().compareTo(b.getName()));
    try {
      Path root =
          Path.of(Ibverbs.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      Path folder = root.resolve(Ibverbs.class.getPackageName().replace('.', '/'));
      try (Stream<Path> files = Files.list(folder)) {
        files
            .map(file -> file.getFileName().toString())
            .filter(name -> name.matches("[a-z0-9_]+\\.class"))
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
      Class<?> type = Class.forName(Ibverbs.class.getPackageName() + "." + name);
      if (Modifier.isPublic(type.getModifiers())) {
        structs.put(type, (GroupLayout) invoke(type.getMethod("layout")));
      }
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(name + " is named like a C struct but has no layout()", e);
    }
  }

  /** Every field of a struct that is no struct itself, in order. */
  static List<Field> fields(GroupLayout layout) {
    List<Field> fields = new ArrayList<>();
    collect(fields, "", 0, layout);
    return fields;
  }

  private static void collect(List<Field> fields, String prefix, long base, GroupLayout group) {
    for (MemoryLayout member : group.memberLayouts()) {
      if (member instanceof PaddingLayout) {
        continue;
      }
      String name = member.name().orElseThrow();
      long offset = base + group.byteOffset(PathElement.groupElement(name));
      if (!(member instanceof GroupLayout nested)) {
        fields.add(new Field(prefix + name, offset, member.byteSize()));
      } else if (name.startsWith("$")) {
        collect(fields, prefix, offset, nested);
      } else {
        collect(fields, prefix + name + ".", offset, nested);
      }
    }
  }

  /** What the {@code $offset} methods of a struct class say, by the name of the accessor. */
  static Map<String, Long> accessors(Class<?> struct) {
    Map<String, Long> accessors = new TreeMap<>();
    for (Method method : struct.getMethods()) {
      if (method.getName().endsWith("$offset")) {
        accessors.put(method.getName().replace("$offset", ""), (Long) invoke(method));
      }
    }
    return accessors;
  }

  static Object invoke(Method method, Object... arguments) {
    try {
      return method.invoke(null, arguments);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(method + " cannot be called", e);
    }
  }
}
