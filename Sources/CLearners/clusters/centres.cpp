#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <vector>

#include "../include/clearners_clusters.h"
#include "../lanes.h"

using lanes::tall;
using Single = lanes::Lanes<float>;
constexpr int64_t group = Single::count;

struct CLPackedRows {
  int64_t rows, columns;
  std::vector<double> means;
  std::vector<float> packed;   // [rows / 16][columns][16]
  std::vector<float> lengths;  // a row, rounded up
};

namespace {

// Two sums at a time, in this order everywhere.
double squared(const double *a, const double *b, int64_t count) {
  double s0 = 0, s1 = 0;
  int64_t place = 0;
  for (; place + 2 <= count; place += 2) {
    const double d0 = a[place] - b[place], d1 = a[place + 1] - b[place + 1];
    s0 += d0 * d0;
    s1 += d1 * d1;
  }
  if (place < count) s0 += (a[place] - b[place]) * (a[place] - b[place]);
  return s0 + s1;
}

int32_t nearest(const double *row, const double *centres, int64_t count, int64_t columns) {
  int32_t best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (int64_t centre = 0; centre < count; centre++) {
    const double distance = squared(row, centres + centre * columns, columns);
    if (distance < least) {
      least = distance;
      best = int32_t(centre);
    }
  }
  return best;
}

// Centres as the left side of tiles, with half their squared lengths.
struct Centres {
  int64_t count;
  std::vector<float> packed;  // [count / 6][columns][6]
  std::vector<float> halves;
  double longest = 0;

  Centres(const CLPackedRows &rows, const double *values, int64_t count)
      : count(count), packed(size_t((count + tall - 1) / tall * tall * rows.columns)), halves(static_cast<size_t>(count)) {
    for (int64_t centre = 0; centre < count; centre++) {
      double length = 0;
      float *own = packed.data() + centre / tall * tall * rows.columns + centre % tall;
      for (int64_t column = 0; column < rows.columns; column++) {
        const double value = values[centre * rows.columns + column] - rows.means[size_t(column)];
        length += value * value;
        own[column * tall] = float(value);
      }
      halves[size_t(centre)] = float(length / 2);
      longest = std::max(longest, std::sqrt(length));
    }
  }
};

// How far half a squared distance, less half the row's own squared length, may be off in single precision.
float slack(const CLPackedRows &rows, double length, double longest) {
  return float(6.1e-8 * double(rows.columns + 6) * (length * longest + longest * longest) * 1.01 + 1e-37);
}

CL_WIDE void score(const CLPackedRows *rows, const Centres *centres, int64_t at, float *best, float *second, int32_t *labels) {
  const float *own = rows->packed.data() + at * rows->columns * group;
  const float infinity = std::numeric_limits<float>::infinity();
  Single::Many least = infinity - Single::Many{}, next = infinity - Single::Many{};
  Single::Mask label = {};
  for (int64_t start = 0; start < centres->count; start += tall) {
    const int size = int(std::min<int64_t>(tall, centres->count - start));
    Single::Many sums[tall] = {};
    lanes::tile<float>(size, centres->packed.data() + start * rows->columns, tall, own, group, rows->columns, sums);
    for (int i = 0; i < size; i++) {
      const Single::Many value = centres->halves[size_t(start + i)] - sums[i];
      const Single::Mask isLess = value < least;
      const Single::Many loser = isLess ? least : value;
      next = loser < next ? loser : next;
      least = isLess ? value : least;
      label = isLess ? Single::Mask{} + int32_t(start + i) : label;
    }
  }
  for (int64_t lane = 0; lane < group; lane++) {
    best[lane] = least[lane];
    second[lane] = next[lane];
    labels[lane] = label[lane];
  }
}

// Half the squared distance to each centre, less half the row's own squared length, for a group of rows: [count][16].
CL_WIDE void scores(const CLPackedRows *rows, const Centres *centres, int64_t at, float *out) {
  const float *own = rows->packed.data() + at * rows->columns * group;
  for (int64_t start = 0; start < centres->count; start += tall) {
    const int size = int(std::min<int64_t>(tall, centres->count - start));
    Single::Many sums[tall] = {};
    lanes::tile<float>(size, centres->packed.data() + start * rows->columns, tall, own, group, rows->columns, sums);
    for (int i = 0; i < size; i++) {
      *reinterpret_cast<Single::Many *>(out + (start + i) * group) = centres->halves[size_t(start + i)] - sums[i];
    }
  }
}

}  // namespace

CLPackedRows *cl_rows_pack(const double *values, int64_t rows, int64_t columns, const double *means) {
  try {
    const int64_t groups = (rows + group - 1) / group;
    auto *made = new CLPackedRows{
      rows, columns, std::vector<double>(means, means + columns), std::vector<float>(size_t(groups * group * columns)),
      std::vector<float>(static_cast<size_t>(rows))};
    for (int64_t row = 0; row < rows; row++) {
      float *own = made->packed.data() + row / group * group * columns + row % group;
      double length = 0;
      for (int64_t column = 0; column < columns; column++) {
        const double value = values[row * columns + column] - means[column];
        length += value * value;
        own[column * group] = float(value);
      }
      made->lengths[size_t(row)] = float(std::sqrt(length) * (1 + 1e-6));
    }
    return made;
  } catch (const std::bad_alloc &) {
    return nullptr;
  }
}

void cl_rows_free(CLPackedRows *rows) { delete rows; }

int cl_rows_assign(const CLPackedRows *rows, const double *values, const double *centres, int64_t count, int64_t from, int64_t to,
                   int32_t *labels) {
  try {
    const Centres packed(*rows, centres, count);
    float best[group], second[group];
    int32_t found[group];
    for (int64_t start = from; start < to; start += group) {
      score(rows, &packed, start / group, best, second, found);
      for (int64_t row = start; row < std::min(start + group, to); row++) {
        const int64_t lane = row - start;
        const float doubt = 2 * slack(*rows, rows->lengths[size_t(row)], packed.longest);
        // Written so that numbers that are none, from values too large for single precision, are in doubt, too.
        const bool isSure = second[lane] - best[lane] > doubt;
        labels[row - from] = isSure ? found[lane] : nearest(values + row * rows->columns, centres, count, rows->columns);
      }
    }
    return 0;
  } catch (const std::bad_alloc &) {
    return 1;
  }
}

int cl_rows_approach(const CLPackedRows *rows, const double *values, const double *weights, const int64_t *chosen, int64_t count,
                     const double *nearest, int64_t from, int64_t to, double *distances, double *potentials) {
  try {
    const int64_t columns = rows->columns;
    std::vector<double> centres;
    for (int64_t place = 0; place < count; place++) {
      centres.insert(centres.end(), values + chosen[place] * columns, values + (chosen[place] + 1) * columns);
    }
    const Centres packed(*rows, centres.data(), count);
    std::vector<float> found(size_t(count * group));
    std::fill_n(potentials, count, 0);
    for (int64_t start = from; start < to; start += group) {
      scores(rows, &packed, start / group, found.data());
      for (int64_t row = start; row < std::min(start + group, to); row++) {
        const double length = rows->lengths[size_t(row)], own = length * length;
        const double doubt = 2 * double(slack(*rows, length, packed.longest)) + 4e-6 * own;
        for (int64_t place = 0; place < count; place++) {
          double distance = 2 * double(found[size_t(place * group + row - start)]) + own;
          // Little is left of large numbers: rows that equal a centre must be at no distance.
          if (!(distance > 100 * doubt)) distance = squared(values + row * columns, centres.data() + place * columns, columns);
          const double kept = std::min(distance, nearest[row - from]);
          distances[place * (to - from) + row - from] = kept;
          potentials[place] += weights[row - from] * kept;
        }
      }
    }
    return 0;
  } catch (const std::bad_alloc &) {
    return 1;
  }
}

void cl_centre_distances(const double *values, int64_t rows, int64_t columns, const double *centres, const int32_t *labels,
                         double *distances) {
  for (int64_t row = 0; row < rows; row++) {
    distances[row] = squared(values + row * columns, centres + labels[row] * columns, columns);
  }
}

void cl_centre_totals(const double *values, const double *weights, int64_t rows, int64_t columns, const int32_t *labels, double *totals,
                      double *sums) {
  for (int64_t row = 0; row < rows; row++) {
    double *total = totals + labels[row] * columns;
    const double *own = values + row * columns, weight = weights[row];
    sums[labels[row]] += weight;
    for (int64_t column = 0; column < columns; column++) total[column] += weight * own[column];
  }
}
