/*
 * The mean of a vector over two ranks as an MPI program gets it: MPI_Allreduce, then a division.
 *
 *   mpirun -n 2 allreduce BYTES ITERATIONS
 *
 * The vectors lie in pages of 2 MiB where the system gives them. Every round begins with new values
 * in the vector and a barrier; its time is that of the slower rank. Rank r has r + 1 + i % 1021 at
 * index i, so every result is exact, and each rank looks at all of its own after the last round.
 *
 * Prints one line of JSON: the median time of a round in milliseconds for each variant:
 *   inPlace     MPI_Allreduce with MPI_IN_PLACE, and the loop that divides by the number of ranks
 *   inPlaceSum  without the division
 *   apart       MPI_Allreduce from one buffer to another, and the loop
 *   apartSum    without the division
 *
 * Linux, Open MPI 4, compiled with -O3 -march=native.
 */
#define _GNU_SOURCE
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_BYTES (2L << 20)
#define WARM_UP 3

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static double median(double *times, int count) {
  qsort(times, count, sizeof *times, compare);
  return 1e3 * (times[(count - 1) / 2] + times[count / 2]) / 2;
}

static void scale(float *x, long count, float factor) {
  for (long i = 0; i < count; i++) {
    x[i] *= factor;
  }
}

static void fill(float *x, long count, int rank) {
  for (long i = 0; i < count; i++) {
    x[i] = (float)(rank + 1 + i % 1021);
  }
}

static float *allocate(long count) {
  size_t bytes = (count * sizeof(float) + HUGE_BYTES - 1) / HUGE_BYTES * HUGE_BYTES;
  float *x = aligned_alloc(HUGE_BYTES, bytes);
  if (x == NULL) {
    fprintf(stderr, "no memory for %zu bytes\n", bytes);
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  madvise(x, bytes, MADV_HUGEPAGE);
  return x;
}

static void require(const float *x, long count, int divides, int rank, int ranks) {
  for (long i = 0; i < count; i++) {
    float sum = ranks * (ranks + 1) / 2 + ranks * (float)(i % 1021);
    if (x[i] != (divides ? sum / ranks : sum)) {
      fprintf(stderr, "rank %d: element %ld is %g\n", rank, i, x[i]);
      MPI_Abort(MPI_COMM_WORLD, 1);
    }
  }
}

static double measure(int apart, int divides, long count, int iterations, int rank, int ranks) {
  float *x = allocate(count);
  float *out = apart ? allocate(count) : x;
  double *times = malloc(iterations * sizeof *times);
  fill(out, count, rank);
  for (int i = -WARM_UP; i < iterations; i++) {
    fill(x, count, rank);
    MPI_Barrier(MPI_COMM_WORLD);
    double start = MPI_Wtime();
    MPI_Allreduce(apart ? x : MPI_IN_PLACE, out, (int)count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    if (divides) {
      scale(out, count, 1.0f / ranks);
    }
    double own = MPI_Wtime() - start, slowest;
    MPI_Allreduce(&own, &slowest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    if (i >= 0) {
      times[i] = slowest;
    }
  }
  require(out, count, divides, rank, ranks);
  double result = median(times, iterations);
  free(times);
  if (apart) {
    free(out);
  }
  free(x);
  return result;
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int rank, ranks;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  if (argc != 3) {
    fprintf(stderr, "usage: mpirun -n 2 allreduce BYTES ITERATIONS\n");
    MPI_Abort(MPI_COMM_WORLD, 2);
  }
  long count = atol(argv[1]) / (long)sizeof(float);
  int iterations = atoi(argv[2]);
  double in_place_sum = measure(0, 0, count, iterations, rank, ranks);
  double in_place = measure(0, 1, count, iterations, rank, ranks);
  double apart_sum = measure(1, 0, count, iterations, rank, ranks);
  double apart = measure(1, 1, count, iterations, rank, ranks);
  if (rank == 0) {
    printf("{\"inPlace\": %.6f, \"inPlaceSum\": %.6f, \"apart\": %.6f, \"apartSum\": %.6f}\n",
           in_place, in_place_sum, apart, apart_sum);
  }
  MPI_Finalize();
  return 0;
}
