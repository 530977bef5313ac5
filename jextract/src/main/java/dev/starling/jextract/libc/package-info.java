/** Bindings for the C library calls that the engine makes. */
package dev.starling.jextract.libc;
