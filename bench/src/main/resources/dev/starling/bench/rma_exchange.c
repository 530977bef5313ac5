/*
 * A pairwise averaging as a hand-written MPI program does it: rank 0 locks its own window and that of
 * rank 1, gets the peer's model, averages, puts the result back, and unlocks. Rank 1 only waits.
 *
 *   mpirun -n 2 rma_exchange BYTES ITERATIONS
 *
 * Prints one line of JSON: the median time of an exchange in milliseconds for each variant:
 *   whole    one MPI_Get, one loop, one MPI_Put
 *   chunked  1 MiB at a time: the get of the next chunk and the put of the last one run meanwhile
 *   shared   MPI_Win_allocate_shared: the peer's model is addressed directly, one loop, no copies
 *
 * Linux, Open MPI 4, compiled with -O3 -march=native.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#define CHUNK_FLOATS (1 << 18)

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static double median(double *times, int count) {
  qsort(times, count, sizeof *times, compare);
  return 1e3 * (times[(count - 1) / 2] + times[count / 2]) / 2;
}

/* own = (own + other) / 2 */
static void average(float *restrict own, const float *restrict other, long count) {
  for (long i = 0; i < count; i++) {
    own[i] = (own[i] + other[i]) * 0.5f;
  }
}

static void average_both(float *restrict own, float *restrict other, long count) {
  for (long i = 0; i < count; i++) {
    float mean = (own[i] + other[i]) * 0.5f;
    own[i] = mean;
    other[i] = mean;
  }
}

static void whole(MPI_Win window, float *own, float *buffer, long count) {
  MPI_Get(buffer, (int)count, MPI_FLOAT, 1, 0, (int)count, MPI_FLOAT, window);
  MPI_Win_flush(1, window);
  average(own, buffer, count);
  MPI_Put(own, (int)count, MPI_FLOAT, 1, 0, (int)count, MPI_FLOAT, window);
  MPI_Win_flush(1, window);
}

static long chunk_length(long chunk, long count) {
  long left = count - chunk * CHUNK_FLOATS;
  return left < CHUNK_FLOATS ? left : CHUNK_FLOATS;
}

static void get_chunk(MPI_Win window, float *buffer, long chunk, long count, MPI_Request *request) {
  int length = (int)chunk_length(chunk, count);
  MPI_Rget(buffer + chunk % 2 * CHUNK_FLOATS, length, MPI_FLOAT, 1, chunk * CHUNK_FLOATS, length,
           MPI_FLOAT, window, request);
}

static void chunked(MPI_Win window, float *own, float *buffer, long count) {
  long chunks = (count + CHUNK_FLOATS - 1) / CHUNK_FLOATS;
  MPI_Request gets[2];
  get_chunk(window, buffer, 0, count, &gets[0]);
  for (long chunk = 0; chunk < chunks; chunk++) {
    if (chunk + 1 < chunks) {
      get_chunk(window, buffer, chunk + 1, count, &gets[(chunk + 1) % 2]);
    }
    MPI_Wait(&gets[chunk % 2], MPI_STATUS_IGNORE);
    long at = chunk * CHUNK_FLOATS;
    int length = (int)chunk_length(chunk, count);
    average(own + at, buffer + chunk % 2 * CHUNK_FLOATS, length);
    MPI_Put(own + at, length, MPI_FLOAT, 1, at, length, MPI_FLOAT, window);
  }
  MPI_Win_flush(1, window);
}

enum variant { WHOLE, CHUNKED, SHARED };

static void fill(float *model, long count, int rank) {
  for (long i = 0; i < count; i++) {
    model[i] = rank == 0 ? 1.0f : 3.0f;
  }
}

static double measure(enum variant variant, long count, int iterations, int rank) {
  MPI_Win window;
  float *own;
  long bytes = count * (long)sizeof(float);
  if (variant == SHARED) {
    MPI_Win_allocate_shared(bytes, sizeof(float), MPI_INFO_NULL, MPI_COMM_WORLD, &own, &window);
  } else {
    MPI_Win_allocate(bytes, sizeof(float), MPI_INFO_NULL, MPI_COMM_WORLD, &own, &window);
  }
  float *peer = NULL;
  if (variant == SHARED) {
    MPI_Aint size;
    int unit;
    MPI_Win_shared_query(window, 1, &size, &unit, &peer);
  }
  float *buffer = malloc(bytes > 8 * CHUNK_FLOATS ? bytes : 8 * CHUNK_FLOATS);
  double *times = malloc(iterations * sizeof *times);
  fill(buffer, count, rank);
  fill(own, count, rank);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) {
    for (int i = -3; i < iterations; i++) {
      double start = MPI_Wtime();
      MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, window);
      MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 1, 0, window);
      switch (variant) {
        case WHOLE:
          whole(window, own, buffer, count);
          break;
        case CHUNKED:
          chunked(window, own, buffer, count);
          break;
        case SHARED:
          average_both(own, peer, count);
          break;
      }
      MPI_Win_unlock(1, window);
      MPI_Win_unlock(0, window);
      if (i >= 0) {
        times[i] = MPI_Wtime() - start;
      }
    }
  }
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Win_lock(MPI_LOCK_SHARED, rank, 0, window);
  for (long i = 0; i < count; i++) {
    if (own[i] != 2.0f) {
      fprintf(stderr, "rank %d: element %ld is %g, not the average 2\n", rank, i, own[i]);
      MPI_Abort(MPI_COMM_WORLD, 1);
    }
  }
  MPI_Win_unlock(rank, window);
  double result = rank == 0 ? median(times, iterations) : 0;
  free(times);
  free(buffer);
  MPI_Win_free(&window);
  return result;
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int rank, ranks;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  if (argc != 3 || ranks != 2) {
    fprintf(stderr, "usage: mpirun -n 2 rma_exchange BYTES ITERATIONS\n");
    MPI_Abort(MPI_COMM_WORLD, 2);
  }
  long count = atol(argv[1]) / (long)sizeof(float);
  int iterations = atoi(argv[2]);
  double whole_ms = measure(WHOLE, count, iterations, rank);
  double chunked_ms = measure(CHUNKED, count, iterations, rank);
  double shared_ms = measure(SHARED, count, iterations, rank);
  if (rank == 0) {
    printf("{\"whole\": %.6f, \"chunked\": %.6f, \"shared\": %.6f}\n", whole_ms, chunked_ms,
           shared_ms);
  }
  MPI_Finalize();
  return 0;
}
