package dev.starling.jextract.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.jextract.CompiledHeaders;
import dev.starling.jextract.Lanes;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.PaddingLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Compares the bindings with what a C compiler makes of the system headers: lane {@code cc}. */
@Timeout(120)
class LibcAbiTest {
  /** A C prototype; {@code variadic} are the types that are passed for the dots. */
  private record Prototype(String result, List<String> fixed, List<String> variadic) {
    static Prototype of(String result, String... fixed) {
      return new Prototype(result, List.of(fixed), List.of());
    }

    Prototype then(String... passed) {
      return new Prototype(result, fixed, List.of(passed));
    }

    String pointerType() {
      List<String> shown = new ArrayList<>(fixed.isEmpty() ? List.of("void") : fixed);
      if (!variadic.isEmpty()) {
        shown.add("...");
      }
      return result + " (*)(" + String.join(", ", shown) + ")";
    }

    List<String> types() {
      List<String> types = new ArrayList<>(List.of(result));
      types.addAll(fixed);
      types.addAll(variadic);
      return types;
    }
  }

  private static final Map<String, Prototype> PROTOTYPES =
      Map.ofEntries(
          Map.entry("open", Prototype.of("int", "const char *", "int").then("mode_t")),
          Map.entry("close", Prototype.of("int", "int")),
          Map.entry("ftruncate", Prototype.of("int", "int", "off_t")),
          Map.entry("fallocate", Prototype.of("int", "int", "int", "off_t", "off_t")),
          Map.entry("fcntl", Prototype.of("int", "int", "int").then("struct flock *")),
          Map.entry("ioctl", Prototype.of("int", "int", "unsigned long").then("int *")),
          Map.entry("poll", Prototype.of("int", "struct pollfd *", "nfds_t", "int")),
          Map.entry("unlink", Prototype.of("int", "const char *")),
          Map.entry(
              "mmap", Prototype.of("void *", "void *", "size_t", "int", "int", "int", "off_t")),
          Map.entry("munmap", Prototype.of("int", "void *", "size_t")),
          Map.entry("madvise", Prototype.of("int", "void *", "size_t", "int")),
          Map.entry("mlock", Prototype.of("int", "const void *", "size_t")),
          Map.entry("munlock", Prototype.of("int", "const void *", "size_t")),
          Map.entry(
              "sched_setaffinity", Prototype.of("int", "pid_t", "size_t", "const cpu_set_t *")),
          Map.entry("sched_getaffinity", Prototype.of("int", "pid_t", "size_t", "cpu_set_t *")),
          Map.entry("kill", Prototype.of("int", "pid_t", "int")),
          Map.entry("getrlimit", Prototype.of("int", "enum __rlimit_resource", "struct rlimit *")),
          Map.entry(
              "syscall",
              Prototype.of("long", "long").then("long", "struct sched_attr *", "unsigned long")),
          Map.entry("getpid", Prototype.of("pid_t")),
          Map.entry("strerror", Prototype.of("char *", "int")));

  @TempDir static Path folder;

  /** What the C program printed: a key and its numbers. */
  private static Map<String, List<Long>> headers;

  /** Compiles and runs the C program on first use; skips or fails the test without a compiler. */
  private static Map<String, List<Long>> headers() throws Exception {
    if (headers != null) {
      return headers;
    }
    Lanes.enter("cc", CompiledHeaders.haveCompiler(), "no C compiler 'cc' was found");
    headers = CompiledHeaders.print(folder, program());
    return headers;
  }

  @Test
  void shouldHaveEveryConstantOfTheHeaders() throws Exception {
    Map<String, List<Long>> c = headers();
    Map<String, Long> constants = LibcBindings.constants();
    assertTrue(constants.size() >= 36, "found only " + constants.keySet());
    constants.forEach((name, value) -> assertEquals(c.get(name), List.of(value), name));
  }

  @Test
  void shouldHaveEverySizeAndOffsetOfTheHeaders() throws Exception {
    Map<String, List<Long>> c = headers();
    Map<Class<?>, GroupLayout> structs = LibcBindings.structs();
    assertTrue(structs.containsKey(flock.class) && structs.containsKey(rlimit.class));
    structs.forEach(
        (type, layout) -> {
          String struct = type.getSimpleName();
          assertEquals(c.get(struct), List.of(layout.byteSize(), layout.byteAlignment()), struct);
          for (MemoryLayout member : members(layout)) {
            String name = member.name().orElseThrow();
            long offset = layout.byteOffset(MemoryLayout.PathElement.groupElement(name));
            assertEquals(
                c.get(struct + "." + name),
                List.of(offset, member.byteSize()),
                struct + "." + name);
            assertEquals(offset, offsetByAccessor(type, name), struct + "." + name);
          }
        });
  }

  @Test
  void shouldPassEveryArgumentInTheSizeOfTheHeaders() throws Exception {
    Map<String, List<Long>> c = headers();
    Map<String, FunctionDescriptor> functions = LibcBindings.functions();
    assertEquals(PROTOTYPES.keySet(), functions.keySet(), "each function needs its C prototype");
    assertEquals(functions.keySet(), LibcBindings.calls().keySet());
    functions.forEach(
        (name, descriptor) -> {
          List<Long> sizes = new ArrayList<>();
          sizes.add(descriptor.returnLayout().orElseThrow().byteSize());
          descriptor.argumentLayouts().forEach(layout -> sizes.add(layout.byteSize()));
          assertEquals(c.get(name + "()"), sizes, name);
        });
  }

  @Test
  void shouldNameEveryErrnoAsTheHeadersDo() throws Exception {
    Map<String, List<Long>> c = headers();
    int named = 0;
    for (int value = 1; value < 4096; value++) {
      String name = Errno.name(value);
      if (!name.startsWith("errno ")) {
        assertEquals(c.get("errno:" + name), List.of((long) value), name);
        named++;
      }
    }
    assertTrue(named >= 131, "only " + named + " names");
  }

  @Test
  void shouldListEveryBindingInTheArgumentsOfTheJextractTool() throws IOException {
    TreeSet<String> expected = new TreeSet<>();
    LibcBindings.constants().keySet().forEach(name -> expected.add("--include-constant " + name));
    LibcBindings.functions().keySet().forEach(name -> expected.add("--include-function " + name));
    LibcBindings.structs()
        .keySet()
        .forEach(type -> expected.add("--include-struct " + type.getSimpleName()));
    TreeSet<String> listed = new TreeSet<>();
    for (String line : Files.readAllLines(CompiledHeaders.FOLDER.resolve("libc.args"))) {
      if (line.startsWith("--include-")) {
        listed.add(line);
      }
    }
    assertEquals(expected, listed);
  }

  private static String program() {
    StringBuilder c = new StringBuilder();
    c.append("#include \"libc.h\"\n#include <stddef.h>\n#include <stdio.h>\n");
    c.append("int main(void) {\n");
    for (String name : LibcBindings.constants().keySet()) {
      c.append("printf(\"%s %%lld\\n\", (long long) (%s));\n".formatted(name, name));
    }
    LibcBindings.structs()
        .forEach(
            (type, layout) -> {
              String s = type.getSimpleName();
              c.append(
                  "printf(\"%s %%zu %%zu\\n\", sizeof(struct %s), _Alignof(struct %s));\n"
                      .formatted(s, s, s));
              for (MemoryLayout member : members(layout)) {
                String m = member.name().orElseThrow();
                c.append(
                    ("printf(\"%s.%s %%zu %%zu\\n\", offsetof(struct %s, %s),"
                            + " sizeof(((struct %s *) 0)->%s));\n")
                        .formatted(s, m, s, m, s, m));
              }
            });
    PROTOTYPES.forEach(
        (name, prototype) -> {
          c.append(
              "_Static_assert(__builtin_types_compatible_p(__typeof__(&%s), %s), \"%s\");\n"
                  .formatted(name, prototype.pointerType(), name));
          c.append("printf(\"%s()\");\n".formatted(name));
          for (String type : prototype.types()) {
            c.append("printf(\" %%zu\", sizeof(%s));\n".formatted(type));
          }
          c.append("printf(\"\\n\");\n");
        });
    for (int value = 1; value < 4096; value++) {
      String name = Errno.name(value);
      if (!name.startsWith("errno ")) {
        c.append("printf(\"errno:%s %%d\\n\", %s);\n".formatted(name, name));
      }
    }
    return c.append("return 0;\n}\n").toString();
  }

  private static List<MemoryLayout> members(GroupLayout layout) {
    return layout.memberLayouts().stream()
        .filter(member -> !(member instanceof PaddingLayout))
        .toList();
  }

  private static long offsetByAccessor(Class<?> struct, String member) {
    try {
      return (long) LibcBindings.invoke(struct.getMethod(member + "$offset"));
    } catch (NoSuchMethodException e) {
      throw new AssertionError(e);
    }
  }
}
