/**
 * What all bindings of this module share: how a library that may be absent is loaded, how a native
 * function is linked, and what is said when that is not possible.
 *
 * <p>Bindings are kept one package per kind of C library: {@link dev.starling.jextract.libc}, which
 * every machine has, and {@link dev.starling.jextract.verbs} for RDMA devices, which {@link
 * dev.starling.jextract.NativeLibrary} finds or does without. They hold no state besides constant
 * method handles, start no thread and may be called from any thread.
 */
package dev.starling.jextract;
