package dev.starling.engine.replay;

import dev.starling.engine.memory.PrivateMemory;

/**
 * An exchange of which nobody has said whether it was published on a chain.
 *
 * @param chain the chain
 * @param stripe the stripe
 * @param version the version that it would have made
 * @param also the candidate on the partner's side, which was published first if this one was; or
 *     null
 * @param result the average
 * @param position the record of the intent
 */
record Candidate(
    ChainId chain,
    int stripe,
    long version,
    Candidate also,
    PrivateMemory result,
    String position) {}
