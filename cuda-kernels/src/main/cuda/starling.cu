// All kernels in one module, so that the host loads one file. The arguments of every kernel are in
// the order of its parameters: pointers (64 bits), floats, count. Formulas, one rounding a line, are
// those of the package dev.starling.engine.kernel; every operation is an intrinsic that says how it
// rounds, which the compiler neither contracts nor reorders.
#include "average.cu"
#include "step.cu"
#include "momentum.cu"
#include "adam.cu"
#include "gradient.cu"
#include "bf16.cu"
#include "finite.cu"
#include "copy.cu"
#include "dense.cu"
#include "softmax.cu"
