package dev.starling.engine.rendezvous;

import static dev.starling.engine.rendezvous.LaunchFact.LOCAL_RANK;
import static dev.starling.engine.rendezvous.LaunchFact.LOCAL_WORLD_SIZE;
import static dev.starling.engine.rendezvous.LaunchFact.MASTER_ADDRESS;
import static dev.starling.engine.rendezvous.LaunchFact.MASTER_PORT;
import static dev.starling.engine.rendezvous.LaunchFact.RANK;
import static dev.starling.engine.rendezvous.LaunchFact.WORLD_SIZE;

import dev.starling.engine.ConfigurationException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What the environment variables of each launcher mean. The names are those of torchrun(1), srun(1)
 * ("OUTPUT ENVIRONMENT VARIABLES"), mpirun(1) of Open MPI 4 and 5, Hydra's PMI, and Kubernetes'
 * indexed jobs.
 */
final class Launchers {
  /** The port of PyTorch's MASTER_PORT where nobody says otherwise. */
  static final int DEFAULT_PORT = 29500;

  private static final int SLURM_PORT_BASE = 15_000;
  private static final int SLURM_PORTS = 10_000;

  private Launchers() {}

  /**
   * Finds the launchers whose variables are set. Where one launcher starts another on every host
   * (srun starts torchrun or Open MPI's daemons), the outer one's variables count the launchers and
   * not the ranks, so only the inner one's are returned.
   *
   * @return the sources that must agree; empty when nobody launched this process
   */
  static List<LaunchFacts> recognise(Map<String, String> environment) {
    List<LaunchFacts> found = new ArrayList<>();
    if (isSet(environment, "TORCHELASTIC_RUN_ID")) {
      return List.of(torchrun(environment));
    }
    boolean kubernetes = isSet(environment, "JOB_COMPLETION_INDEX");
    boolean openMpi = isSet(environment, "OMPI_COMM_WORLD_RANK");
    boolean slurm = isSlurmStep(environment);
    boolean pmix = isSet(environment, "PMIX_RANK");
    boolean pmi = isSet(environment, "PMI_RANK");
    if (isSet(environment, "RANK")) {
      found.add(torchrun(environment));
    }
    if (openMpi) {
      found.add(openMpi(environment));
    } else if (slurm) {
      found.add(slurm(environment));
    } else if (pmix) {
      found.add(pmix(environment));
    } else if (pmi) {
      found.add(pmi(environment));
    }
    if (kubernetes) {
      found.add(kubernetes(environment));
    }
    if (found.isEmpty() && (isSet(environment, "WORLD_SIZE") || isSet(environment, "LOCAL_RANK"))) {
      found.add(torchrun(environment));
    }
    return found;
  }

  private static boolean isSet(Map<String, String> environment, String name) {
    String value = environment.get(name);
    return value != null && !value.isBlank();
  }

  private static LaunchFacts torchrun(Map<String, String> environment) {
    LaunchFacts facts =
        new LaunchFacts("torchrun")
            .take(environment, RANK, "RANK")
            .take(environment, WORLD_SIZE, "WORLD_SIZE")
            .take(environment, LOCAL_RANK, "LOCAL_RANK")
            .take(environment, LOCAL_WORLD_SIZE, "LOCAL_WORLD_SIZE")
            .take(environment, MASTER_ADDRESS, "MASTER_ADDR");
    portBesideAgent(environment, facts);
    return facts
        .take(environment, MASTER_PORT, "MASTER_PORT")
        .cureOfMaster("set MASTER_ADDR and MASTER_PORT or give --master host:port");
  }

  /** Where torchrun's agent serves a store to its workers it listens at MASTER_PORT itself. */
  private static void portBesideAgent(Map<String, String> environment, LaunchFacts facts) {
    String port = environment.getOrDefault("MASTER_PORT", "").strip();
    String store = environment.getOrDefault("TORCHELASTIC_USE_AGENT_STORE", "").strip();
    if (store.equalsIgnoreCase("true") && port.matches("\\d{1,5}")) {
      facts.derive(MASTER_PORT, "MASTER_PORT + 1", Integer.toString(Integer.parseInt(port) + 1));
    }
  }

  /** A batch script has SLURM_PROCID=0 as well, but only srun starts tasks and tells their step. */
  private static boolean isSlurmStep(Map<String, String> environment) {
    return isSet(environment, "SLURM_PROCID")
        && (isSet(environment, "SLURM_STEP_ID")
            || isSet(environment, "SLURM_STEP_NODELIST")
            || isSet(environment, "SLURM_STEP_NUM_TASKS")
            || isSet(environment, "SLURM_LAUNCH_NODE_IPADDR"));
  }

  /** Fails in a batch script of several tasks: whoever forgot srun would train alone. */
  static void requireNoForgottenTasks(Map<String, String> environment) {
    String tasks = environment.get("SLURM_NTASKS");
    if (isSet(environment, "SLURM_PROCID") && tasks != null && !tasks.strip().equals("1")) {
      throw new ConfigurationException(
          "SLURM_NTASKS="
              + tasks
              + " but SLURM_STEP_ID is missing, so this process was started once by the batch"
              + " script and not by srun for every task: start it with srun, or give --rank 0"
              + " --world-size 1 for a job on this host alone");
    }
  }

  private static LaunchFacts slurm(Map<String, String> environment) {
    LaunchFacts facts =
        new LaunchFacts("Slurm")
            .take(environment, RANK, "SLURM_PROCID")
            .take(environment, WORLD_SIZE, "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS", "SLURM_NPROCS")
            .take(environment, LOCAL_RANK, "SLURM_LOCALID")
            .take(environment, MASTER_ADDRESS, "MASTER_ADDR")
            .take(environment, MASTER_PORT, "MASTER_PORT")
            .cureOfMaster("give --master host:port, where host is that of SLURM_PROCID=0");
    slurmLocalSize(environment, facts);
    for (String name : List.of("SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST")) {
      if (isSet(environment, name)) {
        facts.derive(MASTER_ADDRESS, name, NodeList.first(name, environment.get(name).strip()));
      }
    }
    if (isSet(environment, "SLURM_LAUNCH_NODE_IPADDR")) {
      facts.derive(
          MASTER_ADDRESS,
          "SLURM_LAUNCH_NODE_IPADDR",
          environment.get("SLURM_LAUNCH_NODE_IPADDR").strip());
    }
    if (isSet(environment, "SLURM_JOB_ID")) {
      facts.derive(MASTER_PORT, "SLURM_JOB_ID", slurmPort(environment.get("SLURM_JOB_ID").strip()));
    }
    return facts;
  }

  private static String slurmPort(String job) {
    try {
      return Long.toString(SLURM_PORT_BASE + Math.floorMod(Long.parseLong(job), SLURM_PORTS));
    } catch (NumberFormatException noNumber) {
      throw new ConfigurationException(
          "SLURM_JOB_ID=" + job + " is no number, so no port follows from it: give --master");
    }
  }

  private static void slurmLocalSize(Map<String, String> environment, LaunchFacts facts) {
    for (String name : List.of("SLURM_STEP_TASKS_PER_NODE", "SLURM_TASKS_PER_NODE")) {
      if (isSet(environment, name) && isSet(environment, "SLURM_NODEID")) {
        int tasks =
            NodeList.tasksOf(
                environment.get(name).strip(), environment.get("SLURM_NODEID").strip());
        if (tasks > 0) {
          facts.derive(LOCAL_WORLD_SIZE, name, Integer.toString(tasks));
        }
      }
    }
  }

  private static LaunchFacts openMpi(Map<String, String> environment) {
    return masterOfMpi(
        environment,
        new LaunchFacts("Open MPI")
            .take(environment, RANK, "OMPI_COMM_WORLD_RANK")
            .take(environment, WORLD_SIZE, "OMPI_COMM_WORLD_SIZE")
            .take(environment, LOCAL_RANK, "OMPI_COMM_WORLD_LOCAL_RANK")
            .take(environment, LOCAL_WORLD_SIZE, "OMPI_COMM_WORLD_LOCAL_SIZE"));
  }

  private static LaunchFacts pmix(Map<String, String> environment) {
    return masterOfMpi(
        environment,
        new LaunchFacts("PMIx")
            .take(environment, RANK, "PMIX_RANK")
            .take(environment, WORLD_SIZE, "OMPI_COMM_WORLD_SIZE", "WORLD_SIZE")
            .take(environment, LOCAL_RANK, "PMIX_LOCAL_RANK"));
  }

  private static LaunchFacts pmi(Map<String, String> environment) {
    return masterOfMpi(
        environment,
        new LaunchFacts("MPICH or Intel MPI")
            .take(environment, RANK, "PMI_RANK")
            .take(environment, WORLD_SIZE, "PMI_SIZE")
            .take(environment, LOCAL_RANK, "MPI_LOCALRANKID")
            .take(environment, LOCAL_WORLD_SIZE, "MPI_LOCALNRANKS"));
  }

  private static LaunchFacts masterOfMpi(Map<String, String> environment, LaunchFacts facts) {
    facts
        .take(environment, MASTER_ADDRESS, "MASTER_ADDR")
        .take(environment, MASTER_PORT, "MASTER_PORT")
        .cureOfMaster(
            "for MPI tells no address: start with mpirun -x MASTER_ADDR=host-of-rank-0 -x"
                + " MASTER_PORT="
                + DEFAULT_PORT
                + " or give --master host:port");
    return defaultPort(facts);
  }

  private static LaunchFacts defaultPort(LaunchFacts facts) {
    if (facts.has(MASTER_ADDRESS)) {
      facts.derive(MASTER_PORT, "default port", Integer.toString(DEFAULT_PORT));
    }
    return facts;
  }

  private static LaunchFacts kubernetes(Map<String, String> environment) {
    LaunchFacts facts =
        new LaunchFacts("Kubernetes indexed job")
            .take(environment, RANK, "JOB_COMPLETION_INDEX")
            .take(environment, WORLD_SIZE, "STARLING_WORLD_SIZE", "WORLD_SIZE")
            .derive(LOCAL_RANK, "one rank per pod", "0")
            .derive(LOCAL_WORLD_SIZE, "one rank per pod", "1")
            .take(environment, MASTER_ADDRESS, "MASTER_ADDR")
            .take(environment, MASTER_PORT, "MASTER_PORT")
            .cureOfMaster(
                "set MASTER_ADDR to the name of the pod with index 0 in a headless service, as"
                    + " job-0.service, or give --master host:port");
    headlessService(environment, facts);
    return defaultPort(facts);
  }

  /** Pods of an indexed job are called JOB-INDEX, and JOB-0.SERVICE resolves in their namespace. */
  private static void headlessService(Map<String, String> environment, LaunchFacts facts) {
    String host = environment.getOrDefault("HOSTNAME", "").strip();
    String suffix = "-" + facts.get(RANK).value();
    if (host.endsWith(suffix) && host.length() > suffix.length()) {
      String job = host.substring(0, host.length() - suffix.length());
      String service = environment.getOrDefault("STARLING_SERVICE", job).strip();
      facts.derive(MASTER_ADDRESS, "HOSTNAME", job + "-0." + service);
    }
  }
}
