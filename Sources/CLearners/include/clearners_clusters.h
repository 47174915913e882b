// The heavy parts of k-means and of mixtures of normal distributions. A range of rows is done on the calling thread; what is done for a
// row does not depend on the range.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Rows in single precision, around their mean and in the order that products like. Scores in single precision only say what can be nearest;
// where that leaves a doubt, double precision decides.
typedef struct CLPackedRows CLPackedRows;

// NULL where memory ran out. `means` has a number a column.
CLPackedRows *cl_rows_pack(const double *values, int64_t rows, int64_t columns, const double *means);
void cl_rows_free(CLPackedRows *rows);

// The nearest of `count` centres of the rows `from ..< to`; equal distances by the lowest index. `from` is a multiple of 16, and `labels`
// has a place for each of the rows. Returns 0, or 1 where memory ran out.
int cl_rows_assign(const CLPackedRows *rows, const double *values, const double *centres, int64_t count, int64_t from, int64_t to,
                   int32_t *labels);

// For `count` rows that may become centres: the squared distances of the rows `from ..< to` to each, or what `nearest` has where that is
// less, and their weighted sums. `[count][to - from]`. `from` is a multiple of 16. Returns 0, or 1 where memory ran out.
int cl_rows_approach(const CLPackedRows *rows, const double *values, const double *weights, const int64_t *chosen, int64_t count,
                     const double *nearest, int64_t from, int64_t to, double *distances, double *potentials);

// The squared distance of each row from the centre that it is assigned to.
void cl_centre_distances(const double *values, int64_t rows, int64_t columns, const double *centres, const int32_t *labels,
                         double *distances);

// Adds the weighted rows to the totals of their centres.
void cl_centre_totals(const double *values, const double *weights, int64_t rows, int64_t columns, const int32_t *labels, double *totals,
                      double *sums);

typedef struct {
  int64_t count;            // components
  int64_t columns;
  const double *means;      // [count][columns]
  const double *factors;    // [count][columns][columns]: inverse lower Cholesky factors; or NULL
  int64_t factor_stride;    // between components; 0 where they share one
  const double *precisions; // [count][columns]: without factors
  const double *constants;  // [count]: what the log densities have beside the distance
} CLMixture;

// The log density of each row and the components' shares in it, `[rows][count]`. Returns 0, or 1 where memory ran out.
int cl_mixture_densities(const CLMixture *mixture, const double *values, int64_t rows, double *logs, double *shares);

// Adds the shares' sums and the rows' totals by their shares, `[count][columns]`.
void cl_mixture_totals(const double *values, const double *shares, int64_t rows, int64_t columns, int64_t count, double *sums,
                       double *totals);

// Adds the squared distances from the means in each column by the rows' shares, `[count][columns]`.
void cl_mixture_variances(const double *values, const double *shares, int64_t rows, int64_t columns, int64_t count, const double *means,
                          double *variances);

// Adds the products of the distances from one mean by the rows' shares in one component: the lower triangle of `[columns][columns]`.
// Returns 0, or 1 where memory ran out.
int cl_mixture_covariance(const double *values, const double *shares, int64_t rows, int64_t columns, int64_t count, int64_t component,
                          const double *mean, double *covariance);

#ifdef __cplusplus
}
#endif
