#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <vector>

#include "../include/clearners_clusters.h"
#include "../lanes.h"

using lanes::tall;
using Double = lanes::Lanes<double>;
constexpr int64_t group = Double::count;

namespace {

int64_t padded(int64_t size, int64_t to) { return (size + to - 1) / to * to; }

// A factor's transpose, in columns of six: what a tile takes as its left side.
std::vector<double> transposed(const double *factor, int64_t columns) {
  const int64_t wide = padded(columns, tall);
  std::vector<double> result(size_t(columns * wide));
  for (int64_t i = 0; i < columns; i++) {
    for (int64_t j = 0; j <= i; j++) result[size_t(j * wide + i)] = factor[i * columns + j];
  }
  return result;
}

// Eight rows, column by column, less a mean.
CL_INLINE void centred(const double *values, int64_t rows, int64_t columns, const double *mean, double *out) {
  for (int64_t lane = 0; lane < group; lane++) {
    const double *own = values + std::min(lane, rows - 1) * columns;
    for (int64_t column = 0; column < columns; column++) out[column * group + lane] = own[column] - mean[column];
  }
}

// The squared length of factor times row, of eight rows.
CL_WIDE void factored(const double *factor, int64_t columns, const double *rows, double *out) {
  const int64_t wide = padded(columns, tall);
  Double::Many distance = {};
  for (int64_t start = 0; start < columns; start += tall) {
    Double::Many sums[tall] = {};
    const int size = int(std::min<int64_t>(tall, columns - start));
    // Right of the diagonal there is nothing.
    lanes::tile<double>(size, factor + start, wide, rows, group, start + size, sums);
    for (int i = 0; i < size; i++) distance += sums[i] * sums[i];
  }
  for (int64_t lane = 0; lane < group; lane++) out[lane] = distance[lane];
}

CL_WIDE void scaled(const double *precisions, int64_t columns, const double *rows, double *out) {
  Double::Many distance = {};
  for (int64_t column = 0; column < columns; column++) {
    const Double::Many own = *reinterpret_cast<const Double::Many *>(rows + column * group);
    distance += own * own * precisions[column];
  }
  for (int64_t lane = 0; lane < group; lane++) out[lane] = distance[lane];
}

// The lower triangle of leftᵀ right, both `[rows][wide]`, added to `[wide][wide]`.
CL_WIDE void multiplied(const double *left, const double *right, int64_t rows, int64_t columns, int64_t wide, double *sums) {
  for (int64_t i = 0; i < columns; i += tall) {
    const int size = int(std::min<int64_t>(tall, columns - i));
    for (int64_t j = 0; j < i + size; j += group) {
      Double::Many own[tall];
      for (int k = 0; k < size; k++) own[k] = *reinterpret_cast<const Double::Many *>(sums + (i + k) * wide + j);
      lanes::tile<double>(size, left + i, wide, right + j, wide, rows, own);
      for (int k = 0; k < size; k++) *reinterpret_cast<Double::Many *>(sums + (i + k) * wide + j) = own[k];
    }
  }
}

}  // namespace

int cl_mixture_densities(const CLMixture *mixture, const double *values, int64_t rows, double *logs, double *shares) {
  try {
    const int64_t count = mixture->count, columns = mixture->columns;
    std::vector<std::vector<double>> factors;
    if (mixture->factors) {
      for (int64_t component = 0; component < (mixture->factor_stride == 0 ? 1 : count); component++) {
        factors.push_back(transposed(mixture->factors + component * mixture->factor_stride, columns));
      }
    }
    std::vector<double> lane(size_t(columns * group));
    double distances[group];
    for (int64_t start = 0; start < rows; start += group) {
      const int64_t size = std::min(group, rows - start);
      for (int64_t component = 0; component < count; component++) {
        centred(values + start * columns, size, columns, mixture->means + component * columns, lane.data());
        if (mixture->factors) {
          factored(factors[size_t(mixture->factor_stride == 0 ? 0 : component)].data(), columns, lane.data(), distances);
        } else {
          scaled(mixture->precisions + component * columns, columns, lane.data(), distances);
        }
        for (int64_t row = 0; row < size; row++) {
          shares[(start + row) * count + component] = mixture->constants[component] - 0.5 * distances[row];
        }
      }
      for (int64_t row = start; row < start + size; row++) {
        double *own = shares + row * count;
        const double largest = *std::max_element(own, own + count);
        double sum = 0;
        for (int64_t component = 0; component < count; component++) {
          own[component] = std::exp(own[component] - largest);
          sum += own[component];
        }
        for (int64_t component = 0; component < count; component++) own[component] /= sum;
        logs[row] = largest + std::log(sum);
      }
    }
    return 0;
  } catch (const std::bad_alloc &) {
    return 1;
  }
}

void cl_mixture_totals(const double *values, const double *shares, int64_t rows, int64_t columns, int64_t count, double *sums,
                       double *totals) {
  for (int64_t row = 0; row < rows; row++) {
    const double *own = values + row * columns;
    for (int64_t component = 0; component < count; component++) {
      const double share = shares[row * count + component];
      if (share == 0) continue;
      sums[component] += share;
      double *total = totals + component * columns;
      for (int64_t column = 0; column < columns; column++) total[column] += share * own[column];
    }
  }
}

void cl_mixture_variances(const double *values, const double *shares, int64_t rows, int64_t columns, int64_t count, const double *means,
                          double *variances) {
  for (int64_t row = 0; row < rows; row++) {
    const double *own = values + row * columns;
    for (int64_t component = 0; component < count; component++) {
      const double share = shares[row * count + component];
      if (share == 0) continue;
      const double *mean = means + component * columns;
      double *variance = variances + component * columns;
      for (int64_t column = 0; column < columns; column++) {
        const double difference = own[column] - mean[column];
        variance[column] += share * difference * difference;
      }
    }
  }
}

int cl_mixture_covariance(const double *values, const double *shares, int64_t rows, int64_t columns, int64_t count, int64_t component,
                          const double *mean, double *covariance) {
  try {
    // So many rows stay in the cache beside their products; a tile reads and writes eight columns at a time.
    const int64_t block = 128, stride = padded(columns, group);
    std::vector<double> left(size_t(block * stride)), right(left.size()), sums(size_t(stride * stride));
    int64_t row = 0;
    while (row < rows) {
      int64_t taken = 0;
      for (; row < rows && taken < block; row++) {
        const double share = shares[row * count + component];
        if (share == 0) continue;
        const double *own = values + row * columns;
        double *l = left.data() + taken * stride, *r = right.data() + taken * stride;
        for (int64_t column = 0; column < columns; column++) {
          r[column] = own[column] - mean[column];
          l[column] = share * r[column];
        }
        taken++;
      }
      multiplied(left.data(), right.data(), taken, columns, stride, sums.data());
    }
    for (int64_t i = 0; i < columns; i++) {
      for (int64_t j = 0; j <= i; j++) covariance[i * columns + j] += sums[size_t(i * stride + j)];
    }
    return 0;
  } catch (const std::bad_alloc &) {
    return 1;
  }
}
