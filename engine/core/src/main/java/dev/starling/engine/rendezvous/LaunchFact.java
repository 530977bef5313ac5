package dev.starling.engine.rendezvous;

/** One of the things that a launcher tells a process about its place in the job. */
enum LaunchFact {
  RANK("rank", "--rank"),
  WORLD_SIZE("world size", "--world-size"),
  LOCAL_RANK("local rank", "--local-rank"),
  LOCAL_WORLD_SIZE("local world size", null),
  MASTER_ADDRESS("master address", "--master host:port"),
  MASTER_PORT("master port", "--master host:port");

  private final String words;
  private final String flag;

  LaunchFact(String words, String flag) {
    this.words = words;
    this.flag = flag;
  }

  /** {@return what a person calls it} */
  String words() {
    return words;
  }

  /** {@return the flag that tells it, or null when no flag does} */
  String flag() {
    return flag;
  }
}
