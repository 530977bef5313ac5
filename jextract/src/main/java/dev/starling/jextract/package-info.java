/**
 * What all bindings of this module share: how a native function is linked, and what is said when it
 * cannot be.
 *
 * <p>Bindings are kept one package per C library ({@link dev.starling.jextract.libc}). They hold no
 * state besides constant method handles, start no thread and may be called from any thread.
 */
package dev.starling.jextract;
