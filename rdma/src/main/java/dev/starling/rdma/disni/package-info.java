/**
 * DiSNI's public API ({@code com.ibm.disni}) on the project's own bindings of libibverbs and
 * librdmacm.
 */
package dev.starling.rdma.disni;
