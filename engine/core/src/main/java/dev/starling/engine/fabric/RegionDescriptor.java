package dev.starling.engine.fabric;

/**
 * What a peer needs to reach a region.
 *
 * @param fabric the name of the fabric that made it
 * @param rank the worker that owns the region
 * @param incarnation how many times the rank had joined before, from 0
 * @param jobId the job
 * @param address in the fabric's own form: for shared memory the path of the file
 */
public record RegionDescriptor(
    String fabric, int rank, int incarnation, long jobId, String address) {}
