/**
 * {@code starling doctor}: what of this machine would stop or slow a run, line by line with the
 * cure.
 *
 * <pre>
 *   java     version, flags                      JavaCheck
 *   machine  kernel, processors, memory          MachineCheck
 *   memory   /dev/shm, huge pages                SharedMemoryCheck
 *   limits   open files, locked memory           LimitsCheck
 *   ...      what modules bring: rdma, cuda      HealthCheck through ServiceLoader
 *   choice   fabric and kernels of a run here    ChoiceCheck
 * </pre>
 *
 * <p>Threads: the caller's. Invariants: nothing on the machine changes; a check that fails is a
 * problem in the report and stops no other.
 */
package dev.starling.cli.doctor;
