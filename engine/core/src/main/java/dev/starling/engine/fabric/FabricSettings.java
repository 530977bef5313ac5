package dev.starling.engine.fabric;

import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What a fabric between hosts is opened with.
 *
 * @param channel how this rank talks to others before it is connected to them
 * @param directory where the regions of this host lie
 * @param sharesHost whether other ranks of the job may be on this host
 * @param options the fabric's own options by name, as the provider documents them
 * @param tell takes a sentence for people, from any thread
 */
public record FabricSettings(
    ControlChannel channel,
    Path directory,
    boolean sharesHost,
    Map<String, String> options,
    Consumer<String> tell) {}
