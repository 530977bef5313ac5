package dev.starling.rdma.disni;

import dev.starling.jextract.libc.Libc;

/** The sentence of a post that failed. */
final class PostFailure {
  private PostFailure() {}

  static VerbsException of(
      int errno, String verb, String kind, FfmQp qp, int firstBad, int requests) {
    return VerbCall.failure(
        errno,
        qp.context().deviceName(),
        verb,
        "posting %s request %d of %d to queue pair %d"
            .formatted(kind, firstBad, requests, qp.number()),
        errno == Libc.ENOMEM()
            ? "the queue is full: poll completions, or make the queue pair for more requests"
            : "check the queue pair's state, the lengths, and that atomics use 8 aligned bytes");
  }
}
