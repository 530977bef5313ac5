package dev.starling.cli.train;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.CommandRun;
import dev.starling.cli.PrivateSharedMemory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The accuracy goals on a smaller budget: generated digits, a small model, few epochs. */
@Timeout(120)
class AccuracyTest {
  @RegisterExtension final PrivateSharedMemory shared = new PrivateSharedMemory();

  private JsonNode train(int workers) {
    String[] arguments =
        shared.train(
            "--workers",
            Integer.toString(workers),
            "--generated-samples",
            "8000",
            "--model",
            "mlp:64",
            "--epochs",
            "8",
            "--out",
            shared.run("run" + workers).toString(),
            "--json");
    return CommandRun.of(arguments).requireOk().json();
  }

  @Test
  void shouldLearnDigitsAsWellAsOneWorkerWhenFourTrainTogether() {
    JsonNode four = train(4);
    JsonNode one = train(1);
    double accuracy = four.get("accuracy").asDouble();
    double alone = one.get("accuracy").asDouble();
    assertTrue(accuracy >= 0.93, "four workers reached " + accuracy + ", one " + alone);
    assertTrue(accuracy >= alone - 0.02, "four workers reached " + accuracy + ", one " + alone);
    assertTrue(four.get("exchanges").asLong() > 0, four.toString());
    assertTrue(four.get("computeStallFraction").asDouble() <= 0.01, four.toString());
    for (JsonNode worker : four.get("workerAccuracies")) {
      assertTrue(worker.asDouble() >= accuracy - 0.03, four.toString());
    }
  }
}
