import com.google.googlejavaformat.java.Main;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringReader;
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
 * <p>Run by the build as {@code java Format.java check|write ROOT} with google-java-format on the
 * class path. Exit code 0: all files have the format; 1: some do not, named on standard error.
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
    int exitCode =
        new Main(
                new PrintWriter(changed),
                new PrintWriter(System.err, true),
                InputStream.nullInputStream())
            .format(arguments.toArray(String[]::new));
    if (exitCode != 0 && !write) {
      System.err.println("Format: these files are not in google-java-format style:");
      new BufferedReader(new StringReader(changed.toString()))
          .lines()
          .map(name -> "  " + root.relativize(Path.of(name)))
          .sorted()
          .forEach(System.err::println);
      System.err.println("Format them with: mvn -q -N -Pformat process-sources");
    }
    System.exit(exitCode);
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
