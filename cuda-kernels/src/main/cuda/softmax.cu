// Softmax and cross-entropy of a batch; z [batch x classes] are the logits. Sums and powers are in
// double precision. A block takes samples blockIdx.x, blockIdx.x + gridDim.x, ... and its threads
// the classes; with no more classes than threads they are summed in order, as the CPU does it. The
// device's exp may differ from the CPU's in the last place of a double, all else is equal.
//
// Of each sample three doubles go back to the host, which takes the logarithm:
//
//   loss of sample b = log(terms[3 b]) + terms[3 b + 1] - terms[3 b + 2]
//                          sum of exp     largest logit    logit of the label
#include "vectors.cuh"

/** A sample's largest logit and the sum of exp(logit - largest). */
struct Softmax {
  float largest;
  double sum;
};

static __device__ __forceinline__ double powerOf(float logit, float largest) {
  return exp((double)__fsub_rn(logit, largest));
}

/** To be called by all threads of a block. */
static __device__ __forceinline__ Softmax softmaxOf(const float *z, Count classes) {
  __shared__ float largest[STARLING_BLOCK];
  __shared__ double sums[STARLING_BLOCK];
  const unsigned int parts = classes < blockDim.x ? (unsigned int)classes : blockDim.x;
  if (threadIdx.x < parts) {
    float own = z[threadIdx.x];
    for (Count c = threadIdx.x + (Count)blockDim.x; c < classes; c += blockDim.x) {
      own = z[c] > own ? z[c] : own;
    }
    largest[threadIdx.x] = own;
  }
  __syncthreads();
  Softmax result = {largest[0], 0.0};
  for (unsigned int t = 1; t < parts; t++) {
    result.largest = largest[t] > result.largest ? largest[t] : result.largest;
  }
  if (threadIdx.x < parts) {
    double own = 0.0;
    for (Count c = threadIdx.x; c < classes; c += blockDim.x) {
      own += powerOf(z[c], result.largest);
    }
    sums[threadIdx.x] = own;
  }
  __syncthreads();
  for (unsigned int t = 0; t < parts; t++) {
    result.sum += sums[t];
  }
  // The next sample's threads must not overtake those that are still reading.
  __syncthreads();
  return result;
}

static __device__ __forceinline__ void putTerms(double *terms, const Softmax &softmax, float logit) {
  terms[0] = softmax.sum;
  terms[1] = (double)softmax.largest;
  terms[2] = (double)logit;
}

/** The terms of each sample's loss, and dz = (softmax - one-hot) / batch. dz may be z. */
STARLING_KERNEL starling_softmaxGradient(
    const float *z, const unsigned int *labels, float *dz, double *terms, Count batch, Count classes) {
  for (Count b = blockIdx.x; b < batch; b += gridDim.x) {
    const float *logits = z + b * classes;
    const unsigned int label = labels[b];
    const float own = logits[label];
    const Softmax softmax = softmaxOf(logits, classes);
    if (threadIdx.x == 0) {
      putTerms(terms + 3 * b, softmax, own);
    }
    const double scale = 1.0 / (softmax.sum * (double)batch);
    for (Count c = threadIdx.x; c < classes; c += blockDim.x) {
      float power = (float)powerOf(logits[c], softmax.largest);
      float share = (float)((double)power * scale);
      dz[b * classes + c] = c == label ? __fsub_rn(share, __fdiv_rn(1.0f, (float)batch)) : share;
    }
  }
}

/** The terms of each sample's loss, and hits[b] = 1 if the first of the largest logits is the label's. */
STARLING_KERNEL starling_softmaxEvaluate(
    const float *z, const unsigned int *labels, double *terms, unsigned int *hits, Count batch, Count classes) {
  __shared__ unsigned int beaten;
  for (Count b = blockIdx.x; b < batch; b += gridDim.x) {
    const float *logits = z + b * classes;
    const unsigned int label = labels[b];
    const float own = logits[label];
    if (threadIdx.x == 0) {
      beaten = 0;
    }
    const Softmax softmax = softmaxOf(logits, classes);
    for (Count c = threadIdx.x; c < classes; c += blockDim.x) {
      if (logits[c] > own || (logits[c] == own && c < label)) {
        beaten = 1;
      }
    }
    __syncthreads();
    if (threadIdx.x == 0) {
      putTerms(terms + 3 * b, softmax, own);
      hits[b] = beaten == 0;
    }
    __syncthreads();
  }
}
