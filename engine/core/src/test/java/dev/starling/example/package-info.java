/**
 * Code that the README and the javadoc show: compiled and run by the build, so that it stays true.
 */
package dev.starling.example;
