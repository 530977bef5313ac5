package dev.starling.engine.rendezvous;

import static dev.starling.engine.rendezvous.LaunchFact.LOCAL_RANK;
import static dev.starling.engine.rendezvous.LaunchFact.LOCAL_WORLD_SIZE;
import static dev.starling.engine.rendezvous.LaunchFact.MASTER_ADDRESS;
import static dev.starling.engine.rendezvous.LaunchFact.MASTER_PORT;
import static dev.starling.engine.rendezvous.LaunchFact.RANK;
import static dev.starling.engine.rendezvous.LaunchFact.WORLD_SIZE;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.replica.LockWord;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The place of this process in a job of several processes, as whoever launched it tells.
 *
 * <pre>
 *  launcher      rank, world size                  local rank                  address of rank 0
 *  flags         --rank --world-size               --local-rank                --master host:port
 *  torchrun      RANK WORLD_SIZE                   LOCAL_RANK                  MASTER_ADDR MASTER_PORT (+ 1 where
 *                                                                            torchrun's agent has it)
 *  Slurm (srun)  SLURM_PROCID SLURM_STEP_NUM_TASKS SLURM_LOCALID               first of SLURM_STEP_NODELIST,
 *                (or SLURM_NTASKS)                                             15000 + SLURM_JOB_ID % 10000
 *  Open MPI      OMPI_COMM_WORLD_RANK, _SIZE       OMPI_COMM_WORLD_LOCAL_RANK  MASTER_ADDR (MASTER_PORT)
 *  PMIx          PMIX_RANK, WORLD_SIZE             PMIX_LOCAL_RANK             MASTER_ADDR (MASTER_PORT)
 *  MPICH, Intel  PMI_RANK PMI_SIZE                 MPI_LOCALRANKID             MASTER_ADDR (MASTER_PORT)
 *  Kubernetes    JOB_COMPLETION_INDEX,             0                           MASTER_ADDR, or JOB-0.SERVICE
 *                STARLING_WORLD_SIZE                                           from HOSTNAME, STARLING_SERVICE
 * </pre>
 *
 * <p>MASTER_ADDR and MASTER_PORT replace what would be derived under every launcher. Flags complete
 * what a launcher tells; they never contradict it.
 *
 * @param rank this process, from 0
 * @param worldSize number of ranks
 * @param localRank this process among those of its host, from 0; -1 when nobody told
 * @param localWorldSize processes on this host; -1 when nobody told
 * @param masterAddress host name or address of rank 0
 * @param masterPort the port that rank 0 listens on; 0 in a job of one rank without a port
 * @param source one phrase for printing: who told, in which variables
 */
public record LaunchEnvironment(
    int rank,
    int worldSize,
    int localRank,
    int localWorldSize,
    String masterAddress,
    int masterPort,
    String source) {

  /**
   * What the command line tells; null where a flag was not given.
   *
   * @param rank {@code --rank}
   * @param worldSize {@code --world-size}
   * @param localRank {@code --local-rank}
   * @param master {@code --master}, as {@code host:port}
   */
  public record Flags(Integer rank, Integer worldSize, Integer localRank, String master) {
    /** No flag was given. */
    public static final Flags NONE = new Flags(null, null, null, null);
  }

  /**
   * Finds out who launched this process and what they tell.
   *
   * @param environment the process's environment variables
   * @param flags the command line
   * @return the place in the job; empty when nobody tells anything, for a job on this host alone
   * @throws ConfigurationException when sources contradict each other (the message names both
   *     values) or something is missing (the message names it)
   */
  public static Optional<LaunchEnvironment> detect(Map<String, String> environment, Flags flags) {
    LaunchFacts given = facts(flags);
    List<LaunchFacts> sources = Launchers.recognise(environment);
    if (sources.isEmpty() && !given.has(WORLD_SIZE)) {
      Launchers.requireNoForgottenTasks(environment);
    }
    if (sources.isEmpty() && given.isEmpty()) {
      return Optional.empty();
    }
    LaunchFacts facts = new LaunchFacts(names(sources, given));
    for (int i = 0; i < sources.size(); i++) {
      given.requireAgreement(sources.get(i));
      for (int j = 0; j < i; j++) {
        sources.get(j).requireAgreement(sources.get(i));
      }
    }
    facts.complete(given);
    sources.forEach(facts::complete);
    sources.stream().findFirst().ifPresent(facts::cureOfMasterFrom);
    return Optional.of(conclude(facts));
  }

  private static LaunchEnvironment conclude(LaunchFacts facts) {
    int worldSize = facts.number(WORLD_SIZE, 1, LockWord.MAX_RANK);
    int rank = facts.number(RANK, 0, worldSize - 1);
    if (worldSize == 1 && !facts.has(MASTER_ADDRESS)) {
      facts.derive(MASTER_ADDRESS, "a job of one rank", "127.0.0.1");
      facts.derive(MASTER_PORT, "a job of one rank", "0");
    }
    if (!facts.has(MASTER_ADDRESS)) {
      throw facts.missing(MASTER_ADDRESS);
    }
    return new LaunchEnvironment(
        rank,
        worldSize,
        facts.number(LOCAL_RANK, 0, worldSize - 1, -1),
        facts.number(LOCAL_WORLD_SIZE, 1, worldSize, -1),
        facts.get(MASTER_ADDRESS).value(),
        facts.number(MASTER_PORT, worldSize == 1 ? 0 : 1, 65535),
        facts.describe());
  }

  private static String names(List<LaunchFacts> sources, LaunchFacts given) {
    StringBuilder names = new StringBuilder();
    for (LaunchFacts source : sources) {
      names.append(names.isEmpty() ? "" : " and ").append(source.source());
    }
    if (!given.isEmpty()) {
      names.append(names.isEmpty() ? "" : " and ").append(given.source());
    }
    return names.toString();
  }

  private static LaunchFacts facts(Flags flags) {
    LaunchFacts facts = new LaunchFacts("the flags");
    if (flags.rank() != null) {
      facts.take(RANK, "--rank", flags.rank().toString());
    }
    if (flags.worldSize() != null) {
      facts.take(WORLD_SIZE, "--world-size", flags.worldSize().toString());
    }
    if (flags.localRank() != null) {
      facts.take(LOCAL_RANK, "--local-rank", flags.localRank().toString());
    }
    if (flags.master() != null) {
      Endpoint master = Endpoint.parse("--master", flags.master());
      facts.take(MASTER_ADDRESS, "--master", master.host());
      facts.take(MASTER_PORT, "--master", Integer.toString(master.port()));
    }
    return facts;
  }

  /**
   * Returns where rank 0 listens.
   *
   * @return host and port
   */
  public Endpoint master() {
    return new Endpoint(masterAddress, masterPort);
  }
}
