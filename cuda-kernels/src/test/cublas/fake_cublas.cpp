// libcublas.so.12 as far as the engine calls it, for tests: a product by its definition, column after
// column, in double precision. It runs when it is called, after all earlier work of its stream, and
// reaches the memory of the device through the driver, which is the fake one.
#include <cstdint>
#include <cstdlib>
#include <vector>

#define API extern "C" __attribute__((visibility("default")))

typedef uint64_t DevicePtr;

extern "C" {
int cuStreamQuery(void *stream);
int cuMemcpyDtoHAsync_v2(void *to, DevicePtr from, size_t bytes, void *stream);
int cuMemcpyHtoDAsync_v2(DevicePtr to, const void *from, size_t bytes, void *stream);
}

namespace {

const int SUCCESS = 0;
const int NOT_INITIALIZED = 1;
const int INVALID_VALUE = 7;
const int EXECUTION_FAILED = 13;
const int NOT_READY = 600;

struct Handle {
  void *stream;
};

int handles;
int failing;

/** Whether this call is the one that a test has fail. */
bool fails() {
  return failing > 0 && --failing == 0;
}

/** A matrix of the device, copied when the stream has come to it. */
struct Matrix {
  std::vector<float> values;
  int line;
  bool transposed;
  bool there;

  Matrix(const Handle *handle, const void *device, int rows, int columns, int line, int operation)
      : values((size_t)line * (operation == 0 ? columns : rows)), line(line), transposed(operation != 0) {
    there = line >= (transposed ? columns : rows) &&
            cuMemcpyDtoHAsync_v2(values.data(), (DevicePtr)device, 4 * values.size(), handle->stream) == 0;
  }

  double at(int row, int column) const {
    return values[transposed ? (size_t)row * line + column : (size_t)column * line + row];
  }
};

}  // namespace

/** Has the nth next call fail; 0 for none. */
API void fake_cublas_fail(int nth) {
  failing = nth;
}

API int fake_cublas_handles() {
  return handles;
}

API int cublasCreate_v2(Handle **handle) {
  if (fails()) {
    return NOT_INITIALIZED;
  }
  *handle = new Handle{nullptr};
  handles++;
  return SUCCESS;
}

API int cublasDestroy_v2(Handle *handle) {
  if (fails() || handle == nullptr) {
    return NOT_INITIALIZED;
  }
  if (handle->stream != nullptr && cuStreamQuery(handle->stream) == NOT_READY) {
    return EXECUTION_FAILED;
  }
  handles--;
  delete handle;
  return SUCCESS;
}

API int cublasSetStream_v2(Handle *handle, void *stream) {
  if (fails()) {
    return NOT_INITIALIZED;
  }
  handle->stream = stream;
  return SUCCESS;
}

API int cublasSgemm_v2(Handle *handle, int operationA, int operationB, int m, int n, int k, const float *alpha,
                       const void *a, int lda, const void *b, int ldb, const float *beta, void *c, int ldc) {
  if (fails()) {
    return EXECUTION_FAILED;
  }
  Matrix left(handle, a, m, k, lda, operationA);
  Matrix right(handle, b, k, n, ldb, operationB);
  if (!left.there || !right.there || ldc != m || *beta != 0) {
    return INVALID_VALUE;
  }
  std::vector<float> product((size_t)m * n);
  for (int column = 0; column < n; column++) {
    for (int row = 0; row < m; row++) {
      double sum = 0;
      for (int i = 0; i < k; i++) {
        sum += left.at(row, i) * right.at(i, column);
      }
      product[(size_t)column * m + row] = (float)(*alpha * sum);
    }
  }
  int copied = cuMemcpyHtoDAsync_v2((DevicePtr)c, product.data(), 4 * product.size(), handle->stream);
  return copied == 0 ? SUCCESS : EXECUTION_FAILED;
}
