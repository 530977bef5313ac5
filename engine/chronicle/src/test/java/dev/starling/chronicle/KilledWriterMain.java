package dev.starling.chronicle;

import java.nio.file.Path;
import java.util.SplittableRandom;

/** Writes records until it is killed; says how many there are after each hundred. */
final class KilledWriterMain {
  private KilledWriterMain() {}

  public static void main(String[] args) {
    ChronicleLogContext context =
        new ChronicleLogContext().blockBytes(4 << 20).segmentBytes(8 << 20).reserveBytes(1 << 16);
    SplittableRandom random = new SplittableRandom(Long.parseLong(args[1]));
    ChronicleLog log = ChronicleLog.create(Path.of(args[0]), context);
    TestRecords records = new TestRecords(1);
    for (int i = 0; ; i++) {
      if (log.isSegmentFull()) {
        log.roll();
        log.dropBefore(log.segment() - 20);
      }
      records.append(log, random.nextInt(TestRecords.HEAD_BYTES, 1 << 20) & -8);
      if (i % 10 == 0) {
        System.out.println(records.sequence());
        System.out.flush();
      }
    }
  }
}
