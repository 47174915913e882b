// Exact nearest neighbours: distances in double precision, ties by the lowest index.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { CL_EUCLIDEAN = 0, CL_MANHATTAN = 1, CL_CHEBYSHEV = 2, CL_MINKOWSKI = 3, CL_COSINE = 4 };

typedef struct {
  const double *points;  // [count][columns]
  int64_t count;
  int64_t columns;
  int32_t metric;
  double power;          // of CL_MINKOWSKI
} CLPoints;

// The distance of one query from every point.
void cl_distances(const CLPoints *points, const double *query, double *out);

// The `k` nearest of each query, nearest first; k <= count. Returns 0, or 1 where memory ran out.
int cl_nearest(const CLPoints *points, const double *queries, int64_t rows, int64_t k, int32_t *indices, double *distances);

// The same, given for each query and point a number that grows with the distance: `scores[row][point]`, off by at most `slack[row]`.
// Only points that may be among the nearest are measured exactly.
int cl_nearest_scored(const CLPoints *points, const double *queries, int64_t rows, int64_t k, const float *scores, const double *slack,
                      int32_t *indices, double *distances);

#ifdef __cplusplus
}
#endif
