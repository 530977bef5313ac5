package dev.starling.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BadInputTest {
  @RegisterExtension final PrivateSharedMemory shared = new PrivateSharedMemory();

  @TempDir Path directory;

  private static void assertRefused(CommandRun run, int exitCode, String part) {
    assertEquals(exitCode, run.exitCode(), run.err());
    assertEquals("", run.out());
    assertEquals(1, run.err().lines().count(), () -> "one sentence expected:\n" + run.err());
    assertFalse(run.err().contains("\tat "), run.err());
    assertTrue(run.err().contains(part), () -> part + " is missing in: " + run.err());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--topology tree | topology=tree is unknown: choose one of ring,",
        "--topology complete-bipartite --workers 5 | needs an even number of workers, not 5",
        "--partner nearest | partner=nearest is unknown: choose one of hybrid",
        "--optimizer adam | --optimizer=adam is unknown: choose one of sgd, momentum",
        "--workers 70000 | --workers=70000 is out of range: choose a value from 1 to 1024",
        "--workers 0 | --workers=0 is out of range",
        "--workers two | 'two' is not an int",
        "--model mlp:999999999 | use 1 to 1048576",
        "--model mlp: | a hidden width belongs",
        "--model transformer | unknown model 'transformer'",
        "--model mlp:1000000,1000000 | more than the supported",
        "--lr 0 | --lr=0.0 is out of range",
        "--optimizer rprop | --optimizer=rprop is unknown: choose one of sgd, momentum, nesterov,"
            + " adamw",
        "--schedule never | choose one of constant, cosine, linear, step",
        "--late never | late=never is unknown: choose drop or scale",
        "--max-staleness -1 | --max-staleness=-1 is out of range",
        "--clip-norm -1 | --clip-norm=-1.0 is out of range",
        "--hold-limit-ms 0 | --hold-limit-ms=0.0 is out of range",
        "--stripes-in-flight 0 | --stripes-in-flight=0 is out of range",
        "--agent-cpus zero | zero",
        "--restart 2 | needs --processes",
        "--processes --restart -1 | --restart=-1 is out of range",
        "--lr-drop 3 | has 1 numbers: give two",
        "--lr-drop 3,2 | the factor in --lr-drop=2.0 is out of range",
        "--lr NaN | --lr=NaN is out of range",
        "--momentum 1 | --momentum=1.0 is out of range",
        "--weight-decay -1 | --weight-decay=-1.0 is out of range",
        "--warmup -1 | --warmup=-1.0 is out of range",
        "--batch 0 | --batch=0 is out of range",
        "--epochs 0 | --epochs=0.0 is out of range",
        "--epochs 1 --steps 1 | exclude each other",
        "--steps 0 | --steps=0 is out of range",
        "--slow 4=2 | the rank in --slow=4 is out of range: choose a value from 0 to 3",
        "--slow 0=0.5 | the factor of rank 0 in --slow=0.5 is out of range",
        "--slow 0 | RANK=FACTOR",
        "--compute-ms -1 | --compute-ms=-1.0 is out of range",
        "--validation-fraction 1 | --validation-fraction=1.0 is out of range",
        "--validation-fraction 0.0001 | leaves none to evaluate on",
        "--generated-samples 5 | --generated-samples=5 is out of range",
        "--stripe-bytes 0 | stripe",
        "--log yes | --log=yes is unknown: choose one of off, f32, bf16, none",
        "--log-budget 2m | --log-budget=2m without a log: give --log f32 or bf16",
        "--log-full continue | --log-full=continue without a log: give --log f32 or bf16",
        "--log-sync 100 | --log-sync=100 without a log: give --log f32 or bf16",
        "--log-keep checkpoint | --log-keep=checkpoint without a log: give --log f32 or bf16",
        "--log f32 --log-budget much | --log-budget=much is no size: write a number of bytes, or",
        "--log f32 --log-budget -1 | --log-budget=-1 is no size",
        "--log f32 --log-budget 99999999999t | --log-budget=99999999999t is out of range",
        "--log f32 --log-budget 1k | --log-budget=1024 is out of range",
        "--log f32 --log-segment 1k | --log-segment=1024 is out of range",
        "--log f32 --log-segment 1x | --log-segment=1x is no size",
        "--log f32 --log-full wait | --log-full=wait is unknown: choose stop or continue",
        "--log f32 --log-keep some | --log-keep=some is unknown: choose all or checkpoint",
        "--log f32 --log-sync often | --log-sync=often is neither none nor a number of",
        "--log f32 --log-sync 0 | --log-sync=0 is neither none nor a number of milliseconds",
        "--log f32 --log-sync 99999999 | --log-sync=99999999 is out of range",
        "--checkpoint-every often | checkpoint interval 'often' is none: write for instance 30s",
        "--checkpoint-every 0s | checkpoint interval '0s' is none",
        "--checkpoint-every 10 | checkpoint interval '10' is none",
        "--resume /no/such/place | exclude each other",
        "--directory /no/such/place | /no/such/place, is missing or not writable",
        "--no-such-option | Unknown option: '--no-such-option'",
        "surplus | 'surplus'"
      })
  void shouldRefuseWithUsageWhenAnOptionIsImpossible(String options, String part) {
    assertRefused(CommandRun.of(shared.train(options.split(" "))), ExitCodes.USAGE, part);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--model mlp:1000000 --workers 16 | MiB are available: use a smaller model",
        "--data /no/such/place | /no/such/place, byte 0: there is no such directory",
        "--data /dev/null | this is a file",
        "--data /proc/self/task | has neither train-images-idx3-ubyte[.gz]"
      })
  void shouldFailInOneSentenceWhenTheMachineOrTheDataLacks(String options, String part) {
    assertRefused(CommandRun.of(shared.train(options.split(" "))), ExitCodes.FAILURE, part);
  }

  @Test
  void shouldNameFileAndByteWhenDataIsTruncated() throws IOException {
    byte[] header = {0, 0, 8, 3, 0, 0, 0, 10, 0, 0, 0, 28, 0, 0, 0, 28, 1, 2, 3};
    Files.write(directory.resolve("train-images-idx3-ubyte"), header);
    byte[] labels = new byte[18];
    System.arraycopy(new byte[] {0, 0, 8, 1, 0, 0, 0, 10}, 0, labels, 0, 8);
    Files.write(directory.resolve("train-labels-idx1-ubyte"), labels);
    assertRefused(
        CommandRun.of(shared.train("--data", directory.toString())),
        ExitCodes.FAILURE,
        "train-images-idx3-ubyte, byte ");
  }

  @Test
  void shouldNameFileAndByteWhenDataHasTheWrongMagic() throws IOException {
    Files.write(directory.resolve("train-images-idx3-ubyte"), new byte[1000]);
    assertRefused(
        CommandRun.of(shared.train("--data", directory.toString())),
        ExitCodes.FAILURE,
        "train-images-idx3-ubyte, byte 0: ");
  }

  @Test
  void shouldRefuseWhenTheRunDirectoryHoldsSomething() throws IOException {
    Files.writeString(directory.resolve("precious"), "data");
    String[] train = shared.train();
    train[4] = directory.toString();
    assertRefused(CommandRun.of(train), ExitCodes.USAGE, "--out=" + directory + " is not empty");
    assertEquals("data", Files.readString(directory.resolve("precious")));
    assertRefused(
        CommandRun.of(shared.train("--out", directory.resolve("precious").toString())),
        ExitCodes.USAGE,
        "is a file: choose a directory");
  }

  @Test
  void shouldEndWithAJsonErrorWhenJsonWasAsked() {
    for (String option : new String[] {"--workers=0", "--workers=two"}) {
      CommandRun run = CommandRun.of(shared.train(option, "--json"));
      assertEquals(ExitCodes.USAGE, run.exitCode());
      JsonNode error = run.json();
      assertEquals(ExitCodes.USAGE, error.get("exitCode").asInt());
      assertEquals(run.err().strip(), error.get("error").asText());
    }
  }

  @Test
  void shouldPrintTheStackTraceWhenVerboseWasAsked() {
    CommandRun run = CommandRun.of(shared.train("--workers=0", "--verbose"));
    assertEquals(ExitCodes.USAGE, run.exitCode());
    assertTrue(run.err().contains("\tat dev.starling"), run.err());
  }
}
