/**
 * The maths on parameter vectors: float32 kernels on off-heap memory whose results are specified to
 * the bit.
 *
 * <p><b>What it owns.</b> No memory, no threads and no state, except the last ticket of a {@link
 * dev.starling.engine.kernel.Kernels}. Every array argument is a pair of a {@link
 * java.lang.foreign.MemorySegment} and an offset in bytes; the caller owns the memory and keeps it
 * open until the call has returned (or, through {@link dev.starling.engine.kernel.Kernels}, until
 * the ticket is complete). All kernels run on the calling thread and may run on any number of
 * threads at once as long as no output of one is an argument of another.
 *
 * <pre>
 *   segment  |.........|f0|f1|f2| ...                     |fn|......|
 *            ^         ^ offset, bytes, multiple of 4         ^
 *            0         '---------- count floats, 64 bit ------'
 * </pre>
 *
 * <p>Elements are float32 in the byte order of the machine. An argument needs four-byte alignment
 * only. An output may be exactly the same range as an input (in place); a range that overlaps
 * another one partly is refused.
 *
 * <h2>The formulas</h2>
 *
 * One rounding (to nearest, ties to even) per line, subnormals kept, no operation contracted and
 * none reassociated. {@code fma(a, b, c)} is {@code a * b + c} rounded once; quotient and root are
 * the correctly rounded ones. Whoever computes them, {@link
 * dev.starling.engine.kernel.ScalarKernels scalar code}, {@link
 * dev.starling.engine.kernel.VectorKernels vectors of any width} or a GPU, gets the same bits; any
 * NaN equals any NaN.
 *
 * <pre>
 *   average        s   = x + y
 *                  out = s * 0.5f
 *
 *   step           t   = x * keep                   keep = 1 - decay, computed by the caller;
 *                  out = fma(-learningRate, u, t)   keep = 1 leaves t = x exactly
 *
 *   stepAverage    t   = x * keep
 *                  a   = fma(-learningRate, u, t)
 *                  s   = a + y
 *                  out = s * 0.5f
 *
 *   scale          x   = x * s
 *
 *   momentum       v   = fma(mu, v, g)
 *
 *   nesterov       v   = fma(mu, v, g)
 *                  g   = fma(mu, v, g)              of the new v; g becomes the update
 *
 *   adam           b1  = 1 - beta1                  once per call, in float
 *                  b2  = 1 - beta2                  once per call, in float
 *                  t   = g * b1
 *                  m   = fma(beta1, m, t)
 *                  q   = g * g
 *                  q   = q * b2
 *                  v   = fma(beta2, v, q)
 *                  mh  = m * c1                     c1 = 1 / (1 - beta1^step), by the caller
 *                  vh  = v * c2                     c2 = 1 / (1 - beta2^step), by the caller
 *                  d   = sqrt(vh)
 *                  d   = d + epsilon
 *                  g   = mh / d                     g becomes the update
 *
 *   accumulate     acc = acc + g
 *   addDecay       g   = fma(decay, x, g)
 * </pre>
 *
 * <h2>bfloat16</h2>
 *
 * A gradient can be logged at half its size. It is then also applied as it is logged, and what the
 * rounding has lost is kept and added to the next gradient. A bfloat16 is the upper half of a
 * float, two bytes, little endian on every machine; it needs two-byte alignment. Here no argument
 * may overlap another one at all.
 *
 * <pre>
 *   packBf16       s      = g + r
 *                  b      = s rounded to eight bits   to nearest, ties to even; subnormals kept;
 *                                                     a finite s that would become infinite gives
 *                                                     the largest bfloat16 of its sign, 0x7f7f or
 *                                                     0xff7f; every NaN gives 0x7fc0
 *                  packed = b
 *                  g      = (float) b                 (exact)
 *                  r      = s - g                     (exact), +0.0 where b is not finite
 *
 *   unpackBf16     out    = (float) packed            (exact), a NaN's bits too
 * </pre>
 *
 * So {@code g + r} is {@code s} again, bit for bit up to the sign of a zero, for every finite
 * {@code s}: nothing is lost but the rounding of {@code g + r} itself, and packing twice is packing
 * once.
 *
 * <p>The three sums are taken in double, in sixteen lanes, so that their order is fixed while any
 * vector width can compute them; what is left after the last whole sixteen is added one by one:
 *
 * <pre>
 *   lane[0..15] = +0.0
 *   rounds = count - count % 16
 *   for i = 0 .. rounds-1:
 *     sum              e = (double) x[i]                        (exact)
 *                      lane[i % 16] = lane[i % 16] + e
 *     squaredNorm      e = (double) x[i]                        (exact)
 *                      lane[i % 16] = fma(e, e, lane[i % 16])
 *     squaredDistance  d = (double) x[i] - (double) y[i]
 *                      lane[i % 16] = fma(d, d, lane[i % 16])
 *   for w = 8, 4, 2, 1:
 *     for k = 0 .. w-1:
 *       lane[k] = lane[k] + lane[k + w]
 *   result = lane[0]
 *   for i = rounds .. count-1:
 *     sum              result = result + (double) x[i]
 *     squaredNorm      e = (double) x[i]
 *                      result = fma(e, e, result)
 *     squaredDistance  d = (double) x[i] - (double) y[i]
 *                      result = fma(d, d, result)
 * </pre>
 *
 * <p>The vector kernels use the incubating {@code jdk.incubator.vector}, because the JIT compiler
 * of JDK 25 does not vectorise loops over memory segments by itself. A JVM that runs them needs
 * {@code --add-modules jdk.incubator.vector}. A cold call is some hundred times slower than a
 * compiled one and allocates; {@link dev.starling.engine.kernel.KernelWarmUp} takes that at start.
 */
package dev.starling.engine.kernel;
