// Columns as places in ascending bins.
#include "../include/clearners_trees.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <vector>

namespace {

int32_t bin(const double *values, int64_t stride, const double *weights, int64_t rows, int32_t largest, uint16_t *codes, double *low,
            double *high) {
  struct Entry {
    double value;
    int64_t row;
  };
  std::vector<Entry> entries;
  entries.reserve(size_t(rows));
  for (int64_t row = 0; row < rows; row++) {
    const double value = values[row * stride];
    if (std::isnan(value)) {
      codes[row] = CL_CODE_MISSING;
    } else {
      entries.push_back({value, row});
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry &a, const Entry &b) { return a.value < b.value || (a.value == b.value && a.row < b.row); });
  // Where each distinct value starts. Rows without weight make no bin of their own: a row that counts nothing changes nothing.
  std::vector<size_t> starts;
  std::vector<double> masses;
  double total = 0;
  for (size_t at = 0; at < entries.size();) {
    size_t end = at;
    double mass = 0;
    while (end < entries.size() && entries[end].value == entries[at].value) mass += weights ? weights[entries[end++].row] : (end++, 1.0);
    starts.push_back(at);
    masses.push_back(mass);
    total += mass;
    at = end;
  }
  size_t distinct = 0;
  for (double mass : masses) distinct += mass > 0;
  if (distinct == 0) {
    for (const auto &entry : entries) codes[entry.row] = CL_CODE_MISSING;
    return 0;
  }
  const bool each = distinct <= size_t(largest);
  int32_t bins = 0;
  double left = total, held = 0;
  size_t remaining = distinct;
  bool open = false;
  for (size_t place = 0; place < starts.size(); place++) {
    const double value = entries[starts[place]].value;
    if (masses[place] > 0) {
      if (!open) {
        low[bins] = value;
        held = 0;
        open = true;
      }
      high[bins] = value;
      held += masses[place];
      remaining--;
    }
    const size_t end = place + 1 < starts.size() ? starts[place + 1] : entries.size();
    const int32_t code = open ? bins : std::max(bins - 1, 0);
    for (size_t at = starts[place]; at < end; at++) codes[entries[at].row] = uint16_t(code);
    if (open && masses[place] > 0) {
      const int32_t more = largest - bins - 1;  // bins that may still be opened
      const bool full = held >= left / double(more + 1);
      if (each || (more > 0 && (full || remaining <= size_t(more)))) {
        left -= held;
        bins++;
        open = false;
      }
    }
  }
  return open ? bins + 1 : bins;
}

}  // namespace

int32_t cl_bin_column(const double *values, int64_t stride, const double *weights, int64_t rows, int32_t largest, uint16_t *codes,
                      double *low, double *high) {
  try {
    return bin(values, stride, weights, rows, largest, codes, low, high);
  } catch (const std::bad_alloc &) {
    return -1;
  }
}
