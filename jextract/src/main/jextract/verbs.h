/* The header from which dev.starling.jextract.verbs.Ibverbs is cut; input of the jextract tool. */
#include <infiniband/verbs.h>
