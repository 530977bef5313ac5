/* The header from which dev.starling.jextract.verbs.Rdmacm is cut; input of the jextract tool. */
#include <rdma/rdma_cma.h>
