package dev.starling.engine.fabric;

/**
 * What a peer needs to reach a region.
 *
 * @param fabric the name of the fabric that made it
 * @param rank the worker that owns the region
 * @param jobId the job
 * @param address in the fabric's own form: for shared memory the path of the file
 */
public record RegionDescriptor(String fabric, int rank, long jobId, String address) {}
