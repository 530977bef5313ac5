/*
 * The mean of a vector over two ranks as an MPI program gets it: MPI_Allreduce, then a division.
 *
 *   mpirun -n 2 allreduce BYTES ITERATIONS
 *
 * Prints one line of JSON: the median time of a round in milliseconds for each variant:
 *   sum      MPI_Allreduce in place alone
 *   mean     with the loop that divides by the number of ranks
 *
 * Linux, Open MPI 4, compiled with -O3 -march=native.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

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

static double measure(int divides, long count, int iterations, int rank, int ranks) {
  float *x = malloc(count * sizeof *x);
  double *times = malloc(iterations * sizeof *times);
  for (int i = -3; i < iterations; i++) {
    for (long k = 0; k < count; k++) {
      x[k] = rank == 0 ? 1.0f : 3.0f;
    }
    MPI_Barrier(MPI_COMM_WORLD);
    double start = MPI_Wtime();
    MPI_Allreduce(MPI_IN_PLACE, x, (int)count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    if (divides) {
      scale(x, count, 1.0f / ranks);
    }
    if (i >= 0) {
      times[i] = MPI_Wtime() - start;
    }
  }
  for (long k = 0; k < count; k++) {
    if (x[k] != (divides ? 2.0f : 4.0f)) {
      fprintf(stderr, "rank %d: element %ld is %g\n", rank, k, x[k]);
      MPI_Abort(MPI_COMM_WORLD, 1);
    }
  }
  double result = median(times, iterations);
  free(times);
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
  double sum_ms = measure(0, count, iterations, rank, ranks);
  double mean_ms = measure(1, count, iterations, rank, ranks);
  if (rank == 0) {
    printf("{\"sum\": %.6f, \"mean\": %.6f}\n", sum_ms, mean_ms);
  }
  MPI_Finalize();
  return 0;
}
