// Splits by the mean absolute error from the median, with a Fenwick tree over the ranks of the node's targets.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "split.h"

namespace trees {

class Absolute {
 public:
  // The node at hand: its rows, with the targets and weights of all rows.
  void begin(const uint32_t *rows, int64_t count, const double *targets, const double *weights) {
    distinct_.clear();
    for (int64_t i = 0; i < count; i++) distinct_.push_back(targets[rows[i]]);
    std::sort(distinct_.begin(), distinct_.end());
    distinct_.erase(std::unique(distinct_.begin(), distinct_.end()), distinct_.end());
    ranks_.resize(size_t(count));
    weights_.resize(size_t(count));
    for (int64_t i = 0; i < count; i++) {
      ranks_[size_t(i)] = size_t(std::lower_bound(distinct_.begin(), distinct_.end(), targets[rows[i]]) - distinct_.begin());
      weights_[size_t(i)] = weights[rows[i]];
    }
    clear();
    for (size_t i = 0; i < ranks_.size(); i++) add(i);
  }

  // Of what was added: the weighted median (the middle of two where the weight is cut in half between them).
  double median() const {
    const auto [rank, below] = middle();
    if (below + point(rank) == total_ / 2) {
      for (size_t next = rank + 1; next < distinct_.size(); next++) {
        if (point(next) > 0) return distinct_[rank] / 2 + distinct_[next] / 2;
      }
    }
    return distinct_[rank];
  }

  // Of what was added: the sum of the weighted distances from the median.
  double error() const {
    if (total_ <= 0) return 0;
    const size_t rank = middle().first;
    double weight = 0, sum = 0;
    for (size_t at = rank + 1; at > 0; at -= at & (~at + 1)) {
      weight += weight_tree_[at];
      sum += sum_tree_[at];
    }
    const double centre = distinct_[rank];
    return std::max(0.0, centre * weight - sum + (sum_ - sum) - centre * (total_ - weight));
  }

  // As `trees::scan`.
  int64_t scan(const std::vector<Group> &groups, const uint16_t *column, const uint32_t *rows, int64_t missing_count, const Limits &limits,
               int64_t only, Best &best) {
    // The node's rows in the order of the groups; missing ones last.
    std::vector<std::vector<size_t>> members(groups.size() + 1);
    // A group may stand for several codes (all up to its own): codes in between belong to the next group that reaches them.
    std::vector<std::pair<uint32_t, size_t>> codes;
    for (size_t g = 0; g < groups.size(); g++) codes.push_back({groups[g].code, g});
    std::sort(codes.begin(), codes.end());
    for (size_t i = 0; i < ranks_.size(); i++) {
      const uint16_t code = column[rows[i]];
      if (code == CL_CODE_MISSING) {
        members.back().push_back(i);
      } else {
        members[std::lower_bound(codes.begin(), codes.end(), std::pair<uint32_t, size_t>{code, 0})->second].push_back(i);
      }
    }
    int64_t found = -1;
    const int64_t count = int64_t(groups.size()), all = int64_t(ranks_.size());
    for (int pass = 0; pass < (missing_count > 0 ? 2 : 1); pass++) {
      const int64_t last = pass == 0 && missing_count > 0 ? count : count - 1;
      std::vector<double> errors(size_t(count) + 1, 0), masses(size_t(count) + 1, 0), medians(size_t(count) + 1, 0);
      clear();
      if (pass == 0) addAll(members.back());
      for (int64_t g = count; g > 0; g--) {
        if (g < count) addAll(members[size_t(g)]);
        errors[size_t(g)] = error();
        masses[size_t(g)] = total_;
        if (limits.monotone != 0 && total_ > 0) medians[size_t(g)] = median();
      }
      clear();
      int64_t left_rows = 0;
      if (pass == 1) {
        addAll(members.back());
        left_rows = missing_count;
      }
      for (int64_t g = 1; g <= last; g++) {
        addAll(members[size_t(g) - 1]);
        left_rows += int64_t(members[size_t(g) - 1].size());
        if (only >= 0 && g != only && g != count) continue;
        if (left_rows < limits.leaf || all - left_rows < limits.leaf) continue;
        if (total_ < limits.weight || masses[size_t(g)] < limits.weight || total_ <= 0 || masses[size_t(g)] <= 0) continue;
        if (limits.monotone != 0) {
          const double a = median(), b = medians[size_t(g)];
          if ((b - a) * limits.monotone < 0 || a < limits.lower || b < limits.lower || a > limits.upper || b > limits.upper) continue;
        }
        const double gain = -(error() + errors[size_t(g)]);
        if (gain > best.gain) {
          best.gain = gain;
          best.missing_left = pass == 1;
          found = g;
        }
      }
    }
    return found;
  }

 private:
  std::vector<double> distinct_, weights_, weight_tree_, sum_tree_, points_;
  std::vector<size_t> ranks_;
  double total_ = 0, sum_ = 0;

  void clear() {
    weight_tree_.assign(distinct_.size() + 1, 0);
    sum_tree_.assign(distinct_.size() + 1, 0);
    points_.assign(distinct_.size(), 0);
    total_ = sum_ = 0;
  }
  void add(size_t i) {
    const double weight = weights_[i], sum = weight * distinct_[ranks_[i]];
    points_[ranks_[i]] += weight;
    total_ += weight;
    sum_ += sum;
    for (size_t at = ranks_[i] + 1; at < weight_tree_.size(); at += at & (~at + 1)) {
      weight_tree_[at] += weight;
      sum_tree_[at] += sum;
    }
  }
  void addAll(const std::vector<size_t> &members) {
    for (size_t i : members) add(i);
  }
  double point(size_t rank) const { return points_[rank]; }
  // The first rank at which half the weight is reached, and the weight below it.
  std::pair<size_t, double> middle() const {
    size_t at = 0, step = 1;
    while (step * 2 < weight_tree_.size()) step *= 2;
    double below = 0;
    for (; step > 0; step /= 2) {
      if (at + step < weight_tree_.size() && below + weight_tree_[at + step] < total_ / 2) {
        at += step;
        below += weight_tree_[at];
      }
    }
    return {std::min(at, distinct_.size() - 1), below};
  }
};

}  // namespace trees
