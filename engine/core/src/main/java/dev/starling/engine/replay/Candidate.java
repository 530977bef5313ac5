package dev.starling.engine.replay;

import dev.starling.engine.memory.PrivateMemory;

/**
 * A version that an exchange, or the breaking of a lock, made on a chain or did not: its log ends
 * before it tells.
 *
 * @param chain the chain
 * @param stripe the stripe
 * @param version the version that it would have made
 * @param also the candidate on the partner's side, which was published first if this one was; or
 *     null
 * @param result the average, or null for a lock that was being broken: the content stays
 * @param position the record of the intent
 */
record Candidate(
    ChainId chain,
    int stripe,
    long version,
    Candidate also,
    PrivateMemory result,
    String position) {}
