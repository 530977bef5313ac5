package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.starling.cli.CommandRun;
import dev.starling.cli.ExitCodes;
import dev.starling.cli.PrivateSharedMemory;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code train} over emulated links. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LinkOptionsTest {
  @RegisterExtension final PrivateSharedMemory shared = new PrivateSharedMemory();

  @Test
  void shouldTrainOverLinksAndSayWhichOnesInTheRunDirectory() throws IOException {
    CommandRun run =
        CommandRun.of(
            shared.train("--link-gbit", "5", "--link-us", "10", "--slow-link", "1=3", "--json"));
    assertEquals(ExitCodes.OK, run.exitCode(), run.err());
    assertTrue(run.json().get("exchanges").asLong() > 0, run.out());
    JsonNode config =
        new ObjectMapper().readTree(shared.run("run").resolve("config.json").toFile());
    JsonNode options = config.has("options") ? config.get("options") : config;
    assertEquals(5, options.get("linkGbit").asDouble());
    assertEquals(3, options.get("slowLink").get("1").asDouble());
  }

  @ParameterizedTest
  @CsvSource({
    "--slow-link=0=2,--slow-link={0=2.0} needs --link-gbit",
    "--link-gbit=-1,--link-gbit=-1.0 is out of range",
    "--link-gbit=1 --slow-link=9=2,the rank in --slow-link=9 is out of range",
    "--link-gbit=1 --slow-link=0=0.5,the factor of the link of rank 0=0.5 is out of range",
    "--link-gbit=1 --processes,--processes gives every worker a process of its own"
  })
  void shouldRefuseLinksThatCannotBe(String options, String sentence) {
    String[] arguments = ("train --workers 2 " + options).split(" ", -1);
    CommandRun run = CommandRun.of(arguments);
    assertEquals(ExitCodes.USAGE, run.exitCode(), run.err());
    assertTrue(run.err().contains(sentence), run.err());
  }
}
