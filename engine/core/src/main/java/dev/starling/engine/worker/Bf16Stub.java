package dev.starling.engine.worker;
import java.lang.foreign.MemorySegment;
final class Bf16Stub { static void packBf16(MemorySegment a,long b,MemorySegment c,long d,MemorySegment e,long f,long g){ throw new IllegalStateException("bf16 not merged"); } private Bf16Stub(){} }
