#include "include/clearners_neighbours.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <utility>
#include <vector>

namespace {

using Found = std::pair<double, int32_t>;

double distance(const CLPoints &points, const double *query, int64_t place) {
  const double *point = points.points + place * points.columns;
  const int64_t columns = points.columns;
  double sum = 0;
  switch (points.metric) {
    case CL_EUCLIDEAN:
      for (int64_t c = 0; c < columns; c++) sum += (query[c] - point[c]) * (query[c] - point[c]);
      return std::sqrt(sum);
    case CL_MANHATTAN:
      for (int64_t c = 0; c < columns; c++) sum += std::abs(query[c] - point[c]);
      return sum;
    case CL_CHEBYSHEV:
      for (int64_t c = 0; c < columns; c++) sum = std::max(sum, std::abs(query[c] - point[c]));
      return sum;
    case CL_MINKOWSKI:
      for (int64_t c = 0; c < columns; c++) sum += std::pow(std::abs(query[c] - point[c]), points.power);
      return std::pow(sum, 1 / points.power);
    default: {
      double a = 0, b = 0;
      for (int64_t c = 0; c < columns; c++) {
        sum += query[c] * point[c];
        a += query[c] * query[c];
        b += point[c] * point[c];
      }
      // A row of zeros has no direction: it is at a right angle to everything.
      return a > 0 && b > 0 ? std::max(0.0, 1 - sum / (std::sqrt(a) * std::sqrt(b))) : 1;
    }
  }
}

void keep(std::vector<Found> &heap, int64_t k, Found found) {
  if (int64_t(heap.size()) < k) {
    heap.push_back(found);
    std::push_heap(heap.begin(), heap.end());
  } else if (found < heap.front()) {
    std::pop_heap(heap.begin(), heap.end());
    heap.back() = found;
    std::push_heap(heap.begin(), heap.end());
  }
}

void write(std::vector<Found> &heap, int64_t k, int32_t *indices, double *distances) {
  std::sort_heap(heap.begin(), heap.end());
  for (int64_t place = 0; place < k; place++) {
    indices[place] = heap[size_t(place)].second;
    distances[place] = heap[size_t(place)].first;
  }
}

// Whether any of a few numbers is below the bound: without branches inside, so that the compiler does many at once.
inline bool anyBelow(const float *scores, float bound) {
  int below = 0;
  for (int i = 0; i < 32; i++) below |= scores[i] <= bound;
  return below != 0;
}

}  // namespace

void cl_distances(const CLPoints *points, const double *query, double *out) {
  for (int64_t place = 0; place < points->count; place++) out[place] = distance(*points, query, place);
}

int cl_nearest(const CLPoints *points, const double *queries, int64_t rows, int64_t k, int32_t *indices, double *distances) {
  try {
    std::vector<Found> heap;
    for (int64_t row = 0; row < rows; row++) {
      heap.clear();
      for (int64_t place = 0; place < points->count; place++) {
        keep(heap, k, {distance(*points, queries + row * points->columns, place), int32_t(place)});
      }
      write(heap, k, indices + row * k, distances + row * k);
    }
    return 0;
  } catch (const std::exception &) {
    return 1;
  }
}

int cl_nearest_scored(const CLPoints *points, const double *queries, int64_t rows, int64_t k, const float *scores, const double *slack,
                      int32_t *indices, double *distances) {
  try {
    std::vector<Found> heap;
    std::vector<float> least;
    std::vector<std::pair<float, int32_t>> near;
    const int64_t count = points->count;
    for (int64_t row = 0; row < rows; row++) {
      const float *own = scores + row * count;
      const double *query = queries + row * points->columns;
      // Points that may be among the nearest: the k-th smallest score so far, plus what scores may be off on both sides.
      least.clear();
      near.clear();
      float bound = std::numeric_limits<float>::infinity();
      const float twice = float(2 * slack[row]) * 1.0001f;
      const auto look = [&](int64_t place) {
        const float score = own[place];
        if (!(score <= bound)) return;
        near.push_back({score, int32_t(place)});
        if (int64_t(least.size()) < k) {
          least.push_back(score);
          std::push_heap(least.begin(), least.end());
        } else if (score < least.front()) {
          std::pop_heap(least.begin(), least.end());
          least.back() = score;
          std::push_heap(least.begin(), least.end());
        }
        if (int64_t(least.size()) == k) bound = least.front() + twice;
      };
      int64_t place = 0;
      for (; place + 32 <= count; place += 32) {
        if (!anyBelow(own + place, bound)) continue;
        for (int64_t at = place; at < place + 32; at++) look(at);
      }
      for (; place < count; place++) look(place);
      heap.clear();
      for (const auto &[score, at] : near) {
        if (score <= bound) keep(heap, k, {distance(*points, query, at), at});
      }
      write(heap, k, indices + row * k, distances + row * k);
    }
    return 0;
  } catch (const std::exception &) {
    return 1;
  }
}
