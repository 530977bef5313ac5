import com.google.googlejavaformat.java.Main;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Checks or applies the source format of the project: google-java-format in its default style, over
 * every {@code .java} file below a {@code src} folder and in {@code .config}.
 *
 * <p>Run by the build as {@code java Format.java check|write ROOT REPORT} with google-java-format
 * on the class path. {@code check} names the files that lack the format on standard error and in
 * the file REPORT, which exists afterwards only if there are any: the build stops on it. Exit code
 * 1 means that a file could not be read or parsed.
 */
final class Format {
  private Format() {}

  public static void main(String[] args) throws Exception {
    boolean write = args[0].equals("write");
    Path root = Path.of(args[1]).toAbsolutePath().normalize();
    List<String> arguments = new ArrayList<>();
    arguments.addAll(write ? List.of("--replace") : List.of("--dry-run", "--set-exit-if-changed"));
    sources(root).forEach(file -> arguments.add(file.toString()));

    StringWriter changed = new StringWriter();
    PrintWriter errors = new PrintWriter(System.err);
    int exitCode =
        new Main(new PrintWriter(changed), errors, InputStream.nullInputStream())
            .format(arguments.toArray(String[]::new));
    errors.flush();
    List<String> unformatted =
        write
            ? List.of()
            : changed.toString().lines().map(n -> root.relativize(Path.of(n)).toString()).toList();
    Path report = Path.of(args[2]);
    if (unformatted.isEmpty()) {
      Files.deleteIfExists(report);
      System.exit(exitCode);
    }
    System.err.println("These files are not in google-java-format style:");
    unformatted.forEach(name -> System.err.println("  " + name));
    Files.write(report, unformatted);
  }

  private static List<Path> sources(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .filter(
              file -> {
                String inside = "/" + root.relativize(file);
                return !inside.contains("/target/")
                    && (inside.contains("/src/") || inside.startsWith("/.config/"));
              })
          .sorted()
          .toList();
    }
  }
}
