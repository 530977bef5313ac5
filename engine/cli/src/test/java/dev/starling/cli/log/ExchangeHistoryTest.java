package dev.starling.cli.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.starling.cli.CommandRun;
import dev.starling.cli.PrivateSharedMemory;
import dev.starling.cli.log.ExchangeHistory.Event;
import dev.starling.cli.log.ExchangeHistory.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ExchangeHistoryTest {
  @RegisterExtension private final PrivateSharedMemory shared = new PrivateSharedMemory();

  private JsonNode train() {
    return CommandRun.of(
            shared.train(
                "--workers", "3", "--epochs", "12", "--compute-ms", "1", "--log", "none", "--json"))
        .requireOk()
        .json();
  }

  private static long count(List<Event> events, Outcome outcome) {
    return events.stream().filter(event -> event.outcome() == outcome).count();
  }

  private static long met(List<Event> events, int rank, int peer) {
    return events.stream()
        .filter(event -> event.outcome() == Outcome.EXCHANGED)
        .filter(event -> event.rank() == rank && event.peer() == peer)
        .count();
  }

  @Test
  void shouldFindEveryUpdateWhenAllOfTheLogsIsRead() throws IOException {
    JsonNode result = train();
    ExchangeHistory all = ExchangeHistory.read(shared.run("run"), Long.MIN_VALUE, 1_000_000);
    assertEquals(List.of(), all.damages());
    List<Event> events = all.events();
    assertEquals(result.get("exchanges").asLong(), count(events, Outcome.EXCHANGED));
    assertEquals(result.get("exchangesFailed").asLong(), count(events, Outcome.TORN));
    JsonNode stat = CommandRun.parse(Files.readString(shared.run("run").resolve("stat.json")));
    long alone = 0;
    for (JsonNode rank : stat.get("ranks")) {
      alone += rank.get("counters").get("steps").asLong();
    }
    assertEquals(alone, count(events, Outcome.ALONE));
    for (int rank = 0; rank < 3; rank++) {
      for (int peer = 0; peer < 3; peer++) {
        long expected = result.get("pairings").get(rank).get(peer).asLong();
        assertEquals(expected, met(events, rank, peer), rank + " with " + peer);
      }
    }
  }

  @Test
  void shouldShowAllRanksAlikeWhenAPieceIsRead() {
    train();
    int most = 20;
    ExchangeHistory all = ExchangeHistory.read(shared.run("run"), Long.MIN_VALUE, 1_000_000);
    double half = all.seconds() / 2;
    long middleNs = all.atNs() + (long) (half * TimeUnit.SECONDS.toNanos(1));
    ExchangeHistory piece = ExchangeHistory.read(shared.run("run"), middleNs, most);
    assertEquals(middleNs, piece.atNs());
    long busiest = 0;
    for (int rank = 0; rank < 3; rank++) {
      int own = rank;
      long shown = piece.events().stream().filter(event -> event.rank() == own).count();
      long expected =
          all.events().stream()
              .filter(event -> event.rank() == own && event.to() >= half)
              .filter(event -> event.from() - half <= piece.seconds())
              .count();
      assertEquals(Math.min(most, expected), shown, 1, "rank " + rank);
      busiest = Math.max(busiest, shown);
    }
    assertEquals(most, busiest);
    for (Event event : piece.events()) {
      assertTrue(event.to() >= 0 && event.from() <= piece.seconds(), event + " in " + piece);
    }
  }

  @Test
  void shouldBeEmptyWhenTheTimeIsAfterTheEnd() {
    train();
    long laterNs = TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis() + 60_000);
    assertEquals(List.of(), ExchangeHistory.read(shared.run("run"), laterNs, 20).events());
  }
}
