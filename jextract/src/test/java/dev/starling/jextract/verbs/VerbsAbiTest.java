package dev.starling.jextract.verbs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.jextract.CompiledHeaders;
import dev.starling.jextract.Lanes;
import dev.starling.jextract.verbs.VerbsBindings.Field;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.UnionLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Compares the bindings with what a C compiler makes of the headers of libibverbs and librdmacm:
 * lane {@code verbs-headers}.
 */
@Timeout(120)
class VerbsAbiTest {
  /** The functions, result before the name and types of the arguments after it. */
  private static final String PROTOTYPES =
      """
      struct ibv_device ** | ibv_get_device_list | int *
      void | ibv_free_device_list | struct ibv_device **
      const char * | ibv_get_device_name | struct ibv_device *
      __be64 | ibv_get_device_guid | struct ibv_device *
      struct ibv_context * | ibv_open_device | struct ibv_device *
      int | ibv_close_device | struct ibv_context *
      int | ibv_query_device | struct ibv_context *, struct ibv_device_attr *
      int | ibv_query_port | struct ibv_context *, uint8_t, struct _compat_ibv_port_attr *
      int | ibv_query_gid | struct ibv_context *, uint8_t, int, union ibv_gid *
      int | _ibv_query_gid_ex | struct ibv_context *, uint32_t, uint32_t, struct ibv_gid_entry *,\
       uint32_t, size_t
      int | ibv_query_pkey | struct ibv_context *, uint8_t, int, __be16 *
      int | ibv_get_async_event | struct ibv_context *, struct ibv_async_event *
      void | ibv_ack_async_event | struct ibv_async_event *
      struct ibv_pd * | ibv_alloc_pd | struct ibv_context *
      int | ibv_dealloc_pd | struct ibv_pd *
      struct ibv_mr * | ibv_reg_mr | struct ibv_pd *, void *, size_t, int
      struct ibv_mr * | ibv_reg_mr_iova2 | struct ibv_pd *, void *, size_t, uint64_t, unsigned int
      struct ibv_mr * | ibv_reg_dmabuf_mr | struct ibv_pd *, uint64_t, size_t, uint64_t, int, int
      int | ibv_dereg_mr | struct ibv_mr *
      enum ibv_fork_status | ibv_is_fork_initialized | void
      const char * | ibv_wc_status_str | enum ibv_wc_status
      const char * | ibv_event_type_str | enum ibv_event_type
      const char * | ibv_node_type_str | enum ibv_node_type
      const char * | ibv_port_state_str | enum ibv_port_state
      struct ibv_comp_channel * | ibv_create_comp_channel | struct ibv_context *
      int | ibv_destroy_comp_channel | struct ibv_comp_channel *
      struct ibv_cq * | ibv_create_cq | struct ibv_context *, int, void *,\
       struct ibv_comp_channel *, int
      int | ibv_resize_cq | struct ibv_cq *, int
      int | ibv_destroy_cq | struct ibv_cq *
      int | ibv_get_cq_event | struct ibv_comp_channel *, struct ibv_cq **, void **
      void | ibv_ack_cq_events | struct ibv_cq *, unsigned int
      struct ibv_qp * | ibv_create_qp | struct ibv_pd *, struct ibv_qp_init_attr *
      int | ibv_modify_qp | struct ibv_qp *, struct ibv_qp_attr *, int
      int | ibv_query_qp | struct ibv_qp *, struct ibv_qp_attr *, int, struct ibv_qp_init_attr *
      int | ibv_destroy_qp | struct ibv_qp *
      int | ibv_query_qp_data_in_order | struct ibv_qp *, enum ibv_wr_opcode, uint32_t
      struct rdma_event_channel * | rdma_create_event_channel | void
      void | rdma_destroy_event_channel | struct rdma_event_channel *
      int | rdma_create_id | struct rdma_event_channel *, struct rdma_cm_id **, void *,\
       enum rdma_port_space
      int | rdma_destroy_id | struct rdma_cm_id *
      int | rdma_create_ep | struct rdma_cm_id **, struct rdma_addrinfo *, struct ibv_pd *,\
       struct ibv_qp_init_attr *
      void | rdma_destroy_ep | struct rdma_cm_id *
      int | rdma_bind_addr | struct rdma_cm_id *, struct sockaddr *
      int | rdma_resolve_addr | struct rdma_cm_id *, struct sockaddr *, struct sockaddr *, int
      int | rdma_resolve_route | struct rdma_cm_id *, int
      int | rdma_getaddrinfo | const char *, const char *, const struct rdma_addrinfo *,\
       struct rdma_addrinfo **
      void | rdma_freeaddrinfo | struct rdma_addrinfo *
      int | rdma_create_qp | struct rdma_cm_id *, struct ibv_pd *, struct ibv_qp_init_attr *
      void | rdma_destroy_qp | struct rdma_cm_id *
      int | rdma_listen | struct rdma_cm_id *, int
      int | rdma_connect | struct rdma_cm_id *, struct rdma_conn_param *
      int | rdma_accept | struct rdma_cm_id *, struct rdma_conn_param *
      int | rdma_reject | struct rdma_cm_id *, const void *, uint8_t
      int | rdma_establish | struct rdma_cm_id *
      int | rdma_disconnect | struct rdma_cm_id *
      int | rdma_init_qp_attr | struct rdma_cm_id *, struct ibv_qp_attr *, int *
      int | rdma_get_cm_event | struct rdma_event_channel *, struct rdma_cm_event **
      int | rdma_ack_cm_event | struct rdma_cm_event *
      const char * | rdma_event_str | enum rdma_cm_event_type
      int | rdma_set_option | struct rdma_cm_id *, int, int, void *, size_t
      int | ibv_poll_cq | struct ibv_cq *, int, struct ibv_wc *
      int | ibv_req_notify_cq | struct ibv_cq *, int
      int | ibv_post_send | struct ibv_qp *, struct ibv_send_wr *, struct ibv_send_wr **
      int | ibv_post_recv | struct ibv_qp *, struct ibv_recv_wr *, struct ibv_recv_wr **
      """;

  /** Methods that are inline functions in C and call one of the functions above. */
  private static final Set<String> INLINE = Set.of("__ibv_reg_mr", "ibv_query_gid_ex");

  /**
   * Inline functions of C that call the table of the driver, and which the tool therefore skips.
   */
  private static final Set<String> TABLE =
      Set.of("ibv_poll_cq", "ibv_req_notify_cq", "ibv_post_send", "ibv_post_recv");

  @TempDir static Path folder;

  /** What the C program printed: a key and its numbers. */
  private static Map<String, List<Long>> headers;

  private record Prototype(String result, String name, List<String> arguments) {
    static Prototype parse(String line) {
      String[] parts = line.split(" \\| ");
      List<String> arguments =
          parts[2].equals("void") ? List.of() : Arrays.asList(parts[2].split(", "));
      return new Prototype(parts[0], parts[1], arguments);
    }

    String pointerType() {
      String shown = arguments.isEmpty() ? "void" : String.join(", ", arguments);
      return result + " (*)(" + shown + ")";
    }
  }

  private static List<Prototype> prototypes() {
    return PROTOTYPES.lines().map(Prototype::parse).toList();
  }

  /** Compiles and runs the C program on first use; skips or fails the test without the headers. */
  private static Map<String, List<Long>> headers() throws Exception {
    if (headers == null) {
      String lane = "verbs-headers";
      Lanes.enter(lane, CompiledHeaders.haveCompiler(), "no C compiler 'cc' was found");
      for (String header : List.of("infiniband/verbs.h", "rdma/rdma_cma.h")) {
        String cure = "install libibverbs-dev and librdmacm-dev";
        Lanes.enter(
            lane,
            CompiledHeaders.have(folder, header),
            "there is no header <%s>; %s".formatted(header, cure));
      }
      headers = CompiledHeaders.print(folder, program());
    }
    return headers;
  }

  @Test
  void shouldHaveEveryConstantOfTheHeaders() throws Exception {
    Map<String, List<Long>> c = headers();
    Map<String, Long> constants = constants();
    assertTrue(constants.size() >= 180, "found only " + constants.keySet());
    constants.forEach((name, value) -> assertEquals(c.get(name), List.of(value), name));
  }

  @Test
  void shouldHaveEverySizeAndOffsetOfTheHeaders() throws Exception {
    Map<String, List<Long>> c = headers();
    Map<Class<?>, GroupLayout> structs = VerbsBindings.structs();
    assertTrue(structs.size() >= 28, "found only " + structs.keySet());
    structs.forEach(
        (type, layout) -> {
          String struct = type.getSimpleName();
          long size = c.get(struct).get(0);
          if (type == ibv_port_attr.class) {
            // Newer headers append to it; the fields below show that ours is their beginning.
            assertTrue(
                size >= layout.byteSize(), struct + " of the headers has " + size + " bytes");
          } else {
            assertEquals(size, layout.byteSize(), struct);
          }
          assertEquals(c.get(struct).get(1), layout.byteAlignment(), struct);
          for (Field field : VerbsBindings.fields(layout)) {
            String key = struct + "." + field.path();
            assertEquals(c.get(key), List.of(field.offset(), field.size()), key);
          }
        });
  }

  @Test
  void shouldAccessEveryFieldWhereTheLayoutHasIt() {
    VerbsBindings.structs()
        .forEach(
            (type, layout) -> {
              Map<String, Long> offsets = new HashMap<>();
              VerbsBindings.fields(layout)
                  .forEach(field -> offsets.put(field.accessor(), field.offset()));
              Map<String, Long> accessors = VerbsBindings.accessors(type);
              assertTrue(accessors.size() >= 1, type + " has no accessors");
              accessors.forEach(
                  (name, offset) -> assertEquals(offsets.get(name), offset, type + " " + name));
            });
  }

  @Test
  void shouldPassEveryArgumentInTheSizeOfTheHeaders() throws Exception {
    Map<String, List<Long>> c = headers();
    Map<String, FunctionDescriptor> functions = functions();
    Set<String> names = new TreeSet<>();
    prototypes().forEach(prototype -> names.add(prototype.name()));
    assertEquals(names, functions.keySet(), "each function needs its C prototype");
    names.addAll(INLINE);
    Set<String> calls = new TreeSet<>(VerbsBindings.calls(Ibverbs.class).keySet());
    calls.addAll(VerbsBindings.calls(Rdmacm.class).keySet());
    assertEquals(names, calls);
    functions.forEach(
        (name, descriptor) -> {
          List<Long> sizes = new ArrayList<>();
          descriptor.returnLayout().ifPresent(layout -> sizes.add(layout.byteSize()));
          descriptor.argumentLayouts().forEach(layout -> sizes.add(layout.byteSize()));
          assertEquals(c.get(name + "()"), sizes, name);
        });
  }

  @Test
  void shouldListEveryBindingInTheArgumentsOfTheJextractTool() throws IOException {
    Set<String> ofVerbs = included(Ibverbs.class);
    ofVerbs.add("--include-struct ibv_context_ops");
    TABLE.forEach(inline -> ofVerbs.remove("--include-function " + inline));
    Set<String> ofRdmacm = included(Rdmacm.class);
    VerbsBindings.structs()
        .forEach(
            (type, layout) -> {
              String kind = layout instanceof UnionLayout ? "union" : "struct";
              String name = type.getSimpleName();
              (name.startsWith("ibv_") ? ofVerbs : ofRdmacm).add("--include-" + kind + " " + name);
            });
    assertEquals(ofVerbs, listed("verbs.args"));
    assertEquals(ofRdmacm, listed("rdmacm.args"));
  }

  private static Set<String> included(Class<?> header) {
    Set<String> lines = new TreeSet<>();
    VerbsBindings.constants(header)
        .keySet()
        .forEach(name -> lines.add("--include-constant " + name));
    VerbsBindings.functions(header)
        .keySet()
        .forEach(name -> lines.add("--include-function " + name));
    return lines;
  }

  private static Set<String> listed(String file) throws IOException {
    Set<String> lines = new TreeSet<>(Files.readAllLines(CompiledHeaders.FOLDER.resolve(file)));
    lines.removeIf(line -> !line.startsWith("--include-"));
    return lines;
  }

  private static Map<String, Long> constants() {
    Map<String, Long> constants = new TreeMap<>(VerbsBindings.constants(Ibverbs.class));
    constants.putAll(VerbsBindings.constants(Rdmacm.class));
    return constants;
  }

  private static Map<String, FunctionDescriptor> functions() {
    Map<String, FunctionDescriptor> functions =
        new TreeMap<>(VerbsBindings.functions(Ibverbs.class));
    functions.putAll(VerbsBindings.functions(Rdmacm.class));
    return functions;
  }

  private static String program() {
    StringBuilder c = new StringBuilder();
    c.append("#include \"rdmacm.h\"\n#include <stddef.h>\n#include <stdio.h>\n");
    c.append("int main(void) {\n");
    for (String name : constants().keySet()) {
      c.append("printf(\"%s %%lld\\n\", (long long) (%s));\n".formatted(name, name));
    }
    VerbsBindings.structs().forEach((type, layout) -> print(c, type.getSimpleName(), layout));
    prototypes().forEach(prototype -> print(c, prototype));
    return c.append("return 0;\n}\n").toString();
  }

  private static void print(StringBuilder c, String name, GroupLayout layout) {
    String s = (layout instanceof UnionLayout ? "union " : "struct ") + name;
    c.append("printf(\"%s %%zu %%zu\\n\", sizeof(%s), _Alignof(%s));\n".formatted(name, s, s));
    for (Field field : VerbsBindings.fields(layout)) {
      String f = field.path();
      c.append(
          ("printf(\"%s.%s %%zu %%zu\\n\", offsetof(%s, %s), sizeof(((%s *) 0)->%s));\n")
              .formatted(name, f, s, f, s, f));
    }
  }

  private static void print(StringBuilder c, Prototype prototype) {
    String name = prototype.name();
    c.append(
        "_Static_assert(__builtin_types_compatible_p(__typeof__(&%s), %s), \"%s\");\n"
            .formatted(name, prototype.pointerType(), name));
    c.append("printf(\"%s()\");\n".formatted(name));
    if (!prototype.result().equals("void")) {
      c.append("printf(\" %%zu\", sizeof(%s));\n".formatted(prototype.result()));
    }
    for (String type : prototype.arguments()) {
      c.append("printf(\" %%zu\", sizeof(%s));\n".formatted(type));
    }
    c.append("printf(\"\\n\");\n");
  }
}
