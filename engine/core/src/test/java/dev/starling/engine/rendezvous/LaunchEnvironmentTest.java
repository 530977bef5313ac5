package dev.starling.engine.rendezvous;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.starling.engine.ConfigurationException;
import dev.starling.engine.rendezvous.LaunchEnvironment.Flags;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LaunchEnvironmentTest {
  private static final String TORCHRUN =
      "RANK=3 WORLD_SIZE=4 LOCAL_RANK=1 LOCAL_WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=29400";
  private static final String SLURM =
      "SLURM_PROCID=3 SLURM_NTASKS=4 SLURM_LOCALID=1 SLURM_STEP_ID=0 SLURM_NODEID=1"
          + " SLURM_TASKS_PER_NODE=2(x2) SLURM_STEP_NODELIST=node[03-05,7]"
          + " SLURM_JOB_NODELIST=node[01-09] SLURM_JOB_ID=4711023";
  private static final String OPEN_MPI =
      "OMPI_COMM_WORLD_RANK=3 OMPI_COMM_WORLD_SIZE=4 OMPI_COMM_WORLD_LOCAL_RANK=1"
          + " OMPI_COMM_WORLD_LOCAL_SIZE=2 PMIX_RANK=3";
  private static final String KUBERNETES =
      "JOB_COMPLETION_INDEX=3 STARLING_WORLD_SIZE=4 HOSTNAME=train-digits-3";

  private static Map<String, String> environment(String text) {
    Map<String, String> environment = new HashMap<>(Map.of("PATH", "/bin", "HOSTNAME", "h"));
    for (String pair : text.isBlank() ? new String[0] : text.strip().split(" +", -1)) {
      String[] parts = pair.split("=", 2);
      environment.put(parts[0], parts[1]);
    }
    return environment;
  }

  private static Flags flags(String text) {
    Map<String, String> given = environment(text == null ? "" : text);
    return new Flags(
        number(given.get("rank")),
        number(given.get("world")),
        number(given.get("local")),
        given.get("master"));
  }

  private static Integer number(String text) {
    return text == null ? null : Integer.valueOf(text);
  }

  private static LaunchEnvironment detect(String environment, String flags) {
    return LaunchEnvironment.detect(environment(environment), flags(flags)).orElseThrow();
  }

  @ParameterizedTest(name = "{0} | {1}")
  @CsvSource(
      delimiter = '|',
      value = {
        // environment | flags | rank of world, local rank of local world, master | source
        TORCHRUN + "||3 of 4, 1 of 2, a:29400|torchrun (RANK, WORLD_SIZE, LOCAL_RANK,",
        // The agent of torchrun listens at MASTER_PORT.
        TORCHRUN + " TORCHELASTIC_USE_AGENT_STORE=True||3 of 4, 1 of 2, a:29401|MASTER_PORT + 1)",
        TORCHRUN + " TORCHELASTIC_USE_AGENT_STORE=False||3 of 4, 1 of 2, a:29400|MASTER_PORT)",
        "RANK=0 WORLD_SIZE=2 MASTER_ADDR=::1 MASTER_PORT=1||0 of 2, -1 of -1, [::1]:1|torchrun"
            + " (RANK",
        SLURM + "||3 of 4, 1 of 2, node03:16023|SLURM_STEP_NODELIST, SLURM_JOB_ID)",
        SLURM + " MASTER_ADDR=b MASTER_PORT=5||3 of 4, 1 of 2, b:5|MASTER_ADDR, MASTER_PORT)",
        SLURM + " SLURM_STEP_NUM_TASKS=5||3 of 5, 1 of 2, node03:16023|SLURM_STEP_NUM_TASKS",
        "SLURM_PROCID=0 SLURM_NTASKS=2 SLURM_STEP_ID=1 SLURM_LAUNCH_NODE_IPADDR=10.0.0.9"
            + " SLURM_JOB_ID=7||0 of 2, -1 of -1, 10.0.0.9:15007|SLURM_LAUNCH_NODE_IPADDR",
        OPEN_MPI + "|master=c:7|3 of 4, 1 of 2, c:7|Open MPI and the flags (OMPI_COMM_WORLD_RANK,",
        OPEN_MPI + " MASTER_ADDR=c||3 of 4, 1 of 2, c:29500|MASTER_ADDR, default port)",
        OPEN_MPI + " MASTER_ADDR=c MASTER_PORT=7||3 of 4, 1 of 2, c:7|Open MPI (",
        "PMIX_RANK=1 WORLD_SIZE=2 MASTER_ADDR=c||1 of 2, -1 of -1, c:29500|PMIx (PMIX_RANK,"
            + " WORLD_SIZE",
        "PMI_RANK=1 PMI_SIZE=2 MPI_LOCALRANKID=1 MPI_LOCALNRANKS=2 MASTER_ADDR=c||"
            + "1 of 2, 1 of 2, c:29500|MPICH or Intel MPI (PMI_RANK",
        KUBERNETES + "||3 of 4, 0 of 1, train-digits-0.train-digits:29500|Kubernetes indexed job (",
        KUBERNETES + " STARLING_SERVICE=svc||3 of 4, 0 of 1, train-digits-0.svc:29500|HOSTNAME",
        KUBERNETES + " MASTER_ADDR=d MASTER_PORT=9||3 of 4, 0 of 1, d:9|MASTER_ADDR, MASTER_PORT)",
        "JOB_COMPLETION_INDEX=0 HOSTNAME=j-0|world=2|0 of 2, 0 of 1, j-0.j:29500|and the flags",
        "|rank=1 world=2 master=e:5|1 of 2, -1 of -1, e:5|the flags (--rank, --world-size,"
            + " --master)",
        "|rank=1 world=2 local=1 master=[fe80::1]:5|1 of 2, 1 of -1, [fe80::1]:5|--local-rank",
        "|rank=0 world=1|0 of 1, -1 of -1, 127.0.0.1:0|the flags",
        // Flags that say the same as the launcher, and flags that replace what was derived.
        TORCHRUN + "|rank=3 world=4 local=1 master=a:29400|3 of 4, 1 of 2, a:29400|and the flags",
        SLURM + "|master=z:1|3 of 4, 1 of 2, z:1|Slurm and the flags",
        // One launcher started by another counts; the outer one counts launchers.
        SLURM
            + " TORCHELASTIC_RUN_ID=x RANK=5 WORLD_SIZE=8 MASTER_ADDR=a MASTER_PORT=1||"
            + "5 of 8, -1 of -1, a:1|torchrun (",
        "SLURM_PROCID=0 SLURM_NTASKS=2 SLURM_STEP_ID=0 "
            + OPEN_MPI
            + " MASTER_ADDR=c||"
            + "3 of 4, 1 of 2, c:29500|Open MPI (",
        SLURM + " RANK=3 WORLD_SIZE=4||3 of 4, 1 of 2, node03:16023|torchrun and Slurm (RANK",
        // A batch script without srun, for a job on this host alone.
        "SLURM_PROCID=0 SLURM_NTASKS=4|rank=0 world=1|0 of 1, -1 of -1, 127.0.0.1:0|the flags",
      })
  void shouldTellThePlaceInTheJob(
      String environment, String flags, String expected, String source) {
    LaunchEnvironment found = detect(environment == null ? "" : environment, flags);
    assertEquals(
        expected,
        found.rank()
            + " of "
            + found.worldSize()
            + ", "
            + found.localRank()
            + " of "
            + found.localWorldSize()
            + ", "
            + found.master());
    assertTrue(found.source().contains(source), found.source());
  }

  @ParameterizedTest(name = "{0} | {1}")
  @CsvSource(
      delimiter = '|',
      value = {
        // environment | flags | what the failure says (parts divided by ~)
        TORCHRUN + "|rank=2|--rank=2~torchrun says RANK=3~contradicts",
        TORCHRUN + "|world=5|--world-size=5~WORLD_SIZE=4~unset or correct",
        TORCHRUN + "|local=0|--local-rank=0~LOCAL_RANK=1",
        TORCHRUN + "|master=b:29400|--master=b~MASTER_ADDR=a",
        TORCHRUN + "|master=a:1|--master=1~MASTER_PORT=29400",
        SLURM + " RANK=1 WORLD_SIZE=4|master=z:1|RANK=1~SLURM_PROCID=3",
        SLURM + " RANK=3 WORLD_SIZE=8||WORLD_SIZE=8~SLURM_NTASKS=4",
        OPEN_MPI + " RANK=1||RANK=1~OMPI_COMM_WORLD_RANK=3",
        KUBERNETES + " RANK=1 WORLD_SIZE=4||RANK=1~JOB_COMPLETION_INDEX=3",
        // Something is missing.
        "RANK=1||the world size is missing~torchrun (RANK)~--world-size",
        "WORLD_SIZE=2||the rank is missing~--rank",
        "LOCAL_RANK=2||world size is missing",
        "RANK=1 WORLD_SIZE=2||the master address is missing~MASTER_ADDR and MASTER_PORT",
        "RANK=1 WORLD_SIZE=2 MASTER_ADDR=a||the master port is missing~--master host:port",
        OPEN_MPI + "||the master address is missing~mpirun -x MASTER_ADDR=~--master host:port",
        "PMIX_RANK=1 MASTER_ADDR=c||the world size is missing~PMIX_RANK",
        "JOB_COMPLETION_INDEX=1 HOSTNAME=j-1||the world size is missing",
        "JOB_COMPLETION_INDEX=1 WORLD_SIZE=2||the master address is missing~headless service",
        "SLURM_PROCID=0 SLURM_STEP_ID=0 SLURM_NTASKS=2||master address is missing~SLURM_PROCID=0",
        "|rank=1|the world size is missing~the flags (--rank)",
        "|rank=1 world=2|the master address is missing~--master host:port",
        "|local=1|the world size is missing",
        "|master=a:1|the world size is missing",
        // What was given makes no sense.
        "RANK=x WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1||RANK=x is no rank",
        "RANK=2 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1||rank (RANK)=2~from 0 to 1",
        "RANK=0 WORLD_SIZE=0 MASTER_ADDR=a MASTER_PORT=1||world size (WORLD_SIZE)=0",
        "RANK=0 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=70000||master port (MASTER_PORT)=70000",
        "|rank=0 world=2 master=nowhere|--master=nowhere is no address~host:port",
        "|rank=0 world=2 master=fe80::1:5|is no address~[address]:port",
        "|rank=0 world=2 master=a:99999|port of a=99999",
        "SLURM_PROCID=0 SLURM_NTASKS=4||SLURM_NTASKS=4~srun~--world-size 1",
        "SLURM_PROCID=0 SLURM_STEP_ID=0 SLURM_NTASKS=2 SLURM_STEP_NODELIST=n[ SLURM_JOB_ID=1||"
            + "SLURM_STEP_NODELIST=n[ is no list of hosts",
        "SLURM_PROCID=0 SLURM_STEP_ID=0 SLURM_NTASKS=2 SLURM_STEP_NODELIST=n SLURM_JOB_ID=q||"
            + "SLURM_JOB_ID=q is no number",
      })
  void shouldSayWhatIsWrongAndHowToCureIt(String environment, String flags, String parts) {
    ConfigurationException failure =
        assertThrows(
            ConfigurationException.class,
            () -> detect(environment == null ? "" : environment, flags));
    for (String part : parts.split("~", -1)) {
      assertTrue(failure.getMessage().contains(part), failure.getMessage());
    }
  }

  @Test
  void shouldFindNothingWhenNobodyLaunchedTheProcess() {
    assertEquals(Optional.empty(), LaunchEnvironment.detect(environment(""), Flags.NONE));
    assertEquals(
        Optional.empty(),
        LaunchEnvironment.detect(environment("SLURM_PROCID=0 SLURM_NTASKS=1"), Flags.NONE),
        "a batch script of one task");
    assertEquals(
        Optional.empty(),
        LaunchEnvironment.detect(environment("MASTER_ADDR=a MASTER_PORT=5"), Flags.NONE),
        "an address says nothing about ranks");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "node1|node1",
        "node[03-05,7]|node03",
        "node[7,03-05]|node7",
        "a1,b2|a1",
        "rack[1-2]node[001-100]|rack1node001",
        "cn-[0012]-ib,login|cn-0012-ib",
        "host.example.org|host.example.org",
      })
  void shouldFindTheFirstHostOfASlurmList(String list, String host) {
    assertEquals(host, NodeList.first("SLURM_JOB_NODELIST", list));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {"node[|", "node]|", "node[]|", "node[x]|", ",a|"})
  void shouldRefuseWhatIsNoSlurmList(String list, String nothing) {
    ConfigurationException failure =
        assertThrows(ConfigurationException.class, () -> NodeList.first("LIST", list));
    assertTrue(failure.getMessage().startsWith("LIST=" + list + " is no list of hosts"));
  }

  @ParameterizedTest(name = "{0} at {1}")
  @CsvSource(
      delimiter = '|',
      value = {
        "4|0|4",
        "2(x3),1|2|2",
        "2(x3),1|3|1",
        "2(x3),1|4|-1",
        "1,2,3|1|2",
        "x|0|-1",
        "2(x|0|-1",
        "2|-|-1"
      })
  void shouldReadTasksPerNode(String counts, String node, int tasks) {
    assertEquals(tasks, NodeList.tasksOf(counts, node));
  }
}
