package dev.starling.engine.rendezvous;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.StarlingException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The secret that all ranks of a job share: who does not know it cannot join. It is proven, never
 * sent; see {@link ControlLink} for the exchange. Immutable; {@link #toString()} does not show it.
 */
public final class JobToken {
  /** The environment variable that holds the token itself. */
  public static final String VARIABLE = "STARLING_JOB_TOKEN";

  /** The environment variable that names a file with the token; its mode must be 0600 or 0400. */
  public static final String FILE_VARIABLE = "STARLING_JOB_TOKEN_FILE";

  /** The shortest token, in bytes of UTF-8. */
  public static final int MIN_LENGTH = 16;

  /** The longest token, in bytes of UTF-8. */
  public static final int MAX_LENGTH = 1024;

  /** No token: for jobs that nobody outside this host can reach. */
  public static final JobToken NONE = new JobToken(new byte[0]);

  private static final int GENERATED_BYTES = 32;
  private static final String CURE =
      "make one with: (umask 077; head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \\n"
          + "' > FILE), and give every rank the same";

  private final byte[] secret;
  private final SecretKeySpec key;

  private JobToken(byte[] secret) {
    this.secret = secret;
    // HMAC pads keys with zeros, and a key without bytes is refused: one zero byte is the same key.
    key = new SecretKeySpec(secret.length == 0 ? new byte[1] : secret, "HmacSHA256");
  }

  /**
   * Takes a token.
   *
   * @param text the token; blanks around it do not count
   * @return the token
   * @throws ConfigurationException when it is too short or too long
   */
  public static JobToken of(String text) {
    return of("the job token", text);
  }

  private static JobToken of(String where, String text) {
    byte[] secret = text.strip().getBytes(StandardCharsets.UTF_8);
    if (secret.length < MIN_LENGTH || secret.length > MAX_LENGTH) {
      throw new ConfigurationException(
          where
              + " has "
              + secret.length
              + " bytes but must have "
              + MIN_LENGTH
              + " to "
              + MAX_LENGTH
              + ": "
              + CURE);
    }
    return new JobToken(secret);
  }

  /**
   * Makes a token of 256 random bits.
   *
   * @return 64 hexadecimal digits, for {@link #of}
   */
  public static String generate() {
    byte[] random = new byte[GENERATED_BYTES];
    new SecureRandom().nextBytes(random);
    return HexFormat.of().formatHex(random);
  }

  /**
   * Makes a token and writes it to a new file that only its owner can read.
   *
   * @param file must not exist
   * @return the token
   * @throws StarlingException when the file cannot be written
   */
  public static JobToken generate(Path file) {
    String token = generate();
    FileAttribute<?> mode =
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    Set<StandardOpenOption> options =
        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try (var channel = Files.newByteChannel(file, options, mode)) {
      channel.write(java.nio.ByteBuffer.wrap((token + "\n").getBytes(StandardCharsets.UTF_8)));
    } catch (IOException failure) {
      throw new StarlingException(
          "the job token cannot be written to " + file + " (" + failure + "): choose a new file",
          failure);
    }
    return of(token);
  }

  /**
   * Reads a token from a file that nobody else may read.
   *
   * @param file the file; blanks and the line's end do not count
   * @return the token
   * @throws ConfigurationException when the file is missing, readable by others, too short or long
   */
  public static JobToken read(Path file) {
    try {
      Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
      String text = PosixFilePermissions.toString(mode);
      if (!text.endsWith("------")) {
        throw new ConfigurationException(
            "the job token in "
                + file
                + " can be used by others (its mode is "
                + text
                + "): make another token, and chmod 600 "
                + file);
      }
      if (Files.size(file) > 2L * MAX_LENGTH) {
        throw new ConfigurationException(
            file + " has " + Files.size(file) + " bytes and is no job token: " + CURE);
      }
      return of("the job token in " + file, Files.readString(file));
    } catch (IOException failure) {
      throw new ConfigurationException(
          "the job token cannot be read from " + file + " (" + failure + "): " + CURE);
    }
  }

  /**
   * Finds the token in {@link #VARIABLE}, or in the file that the option or {@link #FILE_VARIABLE}
   * names.
   *
   * @param environment the process's environment variables
   * @param file a file that the command line names, or null
   * @return the token, {@link #NONE} when there is none
   * @throws ConfigurationException when it cannot be read, or two places hold different tokens
   */
  public static JobToken detect(Map<String, String> environment, Path file) {
    String text = environment.get(VARIABLE);
    String path = environment.get(FILE_VARIABLE);
    JobToken fromText = text == null || text.isBlank() ? NONE : of(VARIABLE, text);
    JobToken fromFile = NONE;
    if (file != null) {
      fromFile = read(file);
    } else if (path != null && !path.isBlank()) {
      fromFile = read(Path.of(path.strip()));
    }
    if (fromText.isEmpty() || fromFile.isEmpty()) {
      return fromText.isEmpty() ? fromFile : fromText;
    }
    if (!Arrays.equals(fromText.secret, fromFile.secret)) {
      throw new ConfigurationException(
          VARIABLE
              + " and the token file "
              + (file == null ? path : file)
              + " hold different job tokens: unset one of them");
    }
    return fromText;
  }

  /**
   * Fails when there is no token although other hosts can reach the job.
   *
   * @param master where rank 0 listens
   * @return this
   * @throws ConfigurationException names the cure
   */
  public JobToken requireFor(Endpoint master) {
    if (isEmpty() && !master.isLoopback()) {
      throw new ConfigurationException(
          "the job has no token but its master address "
              + master
              + " can be reached from other hosts: set "
              + VARIABLE
              + " or "
              + FILE_VARIABLE
              + " on every rank ("
              + CURE
              + "), or use 127.0.0.1 as master address for a job on this host alone");
    }
    return this;
  }

  /**
   * Tells whether there is no token.
   *
   * @return whether this is {@link #NONE}
   */
  public boolean isEmpty() {
    return secret.length == 0;
  }

  /** {@return HMAC-SHA256 under the token of a label and what it binds, 32 bytes} */
  byte[] authenticate(String label, byte[]... parts) {
    Mac mac = mac(key);
    byte[] name = label.getBytes(StandardCharsets.UTF_8);
    mac.update((byte) name.length);
    mac.update(name);
    for (byte[] part : parts) {
      // Lengths are part of the text, so that no two lists of parts give the same.
      mac.update((byte) (part.length >>> 8));
      mac.update((byte) part.length);
      mac.update(part);
    }
    return mac.doFinal();
  }

  static Mac mac(SecretKeySpec key) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      return mac;
    } catch (GeneralSecurityException failure) {
      throw new StarlingException(
          "this Java has no HmacSHA256 (" + failure + "): use a complete JDK", failure);
    }
  }

  @Override
  public String toString() {
    return isEmpty() ? "no token" : "a token of " + secret.length + " bytes";
  }
}
