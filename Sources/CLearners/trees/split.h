// The best split of a node by one feature.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "../include/clearners_trees.h"

namespace trees {

// Rows of a node that share a code, or all that are missing.
struct Group {
  uint32_t code;
  int64_t count;
};

struct Best {
  double gain = -std::numeric_limits<double>::infinity();
  int32_t feature = -1;
  uint32_t cut = 0;  // the last code that goes left
  double threshold = 0;
  bool missing_left = false;
  std::vector<uint16_t> left_categories;
};

struct Limits {
  int64_t leaf;
  double weight;
  int monotone;
  double lower, upper;
};

// Sums on one side of a split, of classes.
class ClassSide {
 public:
  void reset(int32_t classes) {
    sums_.assign(size_t(classes), 0);
    weight_ = 0;
    squares_ = 0;
  }
  void add(const double *group) {
    for (size_t k = 0; k < sums_.size(); k++) {
      const double mass = group[k];
      squares_ += mass * (2 * sums_[k] + mass);
      sums_[k] += mass;
      weight_ += mass;
    }
  }
  void remove(const double *group) {
    for (size_t k = 0; k < sums_.size(); k++) {
      const double mass = group[k];
      squares_ -= mass * (2 * sums_[k] - mass);
      sums_[k] -= mass;
      weight_ -= mass;
    }
  }
  double weight() const { return weight_; }
  double value() const { return sums_.size() > 1 ? sums_[1] / weight_ : 1; }
  // Larger is purer; the sum of both sides is largest where the weighted impurity is smallest.
  double purity(int32_t criterion) const {
    if (criterion == CL_GINI) return squares_ / weight_;
    double sum = -weight_ * std::log(weight_);
    for (double mass : sums_) {
      if (mass > 0) sum += mass * std::log(mass);
    }
    return sum;
  }

 private:
  std::vector<double> sums_;
  double weight_ = 0, squares_ = 0;
};

// Sums on one side of a split, of numbers: a group is its weight and its weighted sum.
class NumberSide {
 public:
  void reset(int32_t) { weight_ = sum_ = 0; }
  void add(const double *group) {
    weight_ += group[0];
    sum_ += group[1];
  }
  void remove(const double *group) {
    weight_ -= group[0];
    sum_ -= group[1];
  }
  double weight() const { return weight_; }
  double value() const { return sum_ / weight_; }
  double purity(int32_t criterion) const {
    if (criterion == CL_POISSON) {
      // A side of zeros alone would predict zero, whose deviance is infinite elsewhere.
      return sum_ > 0 ? sum_ * std::log(sum_ / weight_) : -std::numeric_limits<double>::infinity();
    }
    return sum_ * sum_ / weight_;
  }

 private:
  double weight_ = 0, sum_ = 0;
};

// Looks at every cut between neighbouring groups, with the missing rows on either side, and keeps the best.
// - Parameter only: a single cut to look at (after this many groups), or -1 for all.
// - Returns: the number of groups on the left of the best cut if it beats `best`, else -1. `best.gain` and `missing_left` are set.
template <typename Side>
int64_t scan(const std::vector<Group> &groups, const std::vector<double> &sums, int32_t width, int64_t missing_count, const double *missing,
             int32_t criterion, const Limits &limits, int64_t only, Side &left, Side &right, Best &best) {
  int64_t found = -1;
  const int64_t count = int64_t(groups.size());
  int64_t rows = missing_count;
  for (const auto &group : groups) rows += group.count;
  for (int pass = 0; pass < (missing_count > 0 ? 2 : 1); pass++) {
    left.reset(width);
    right.reset(width);
    for (int64_t g = 0; g < count; g++) right.add(&sums[size_t(g) * size_t(width)]);
    int64_t left_rows = 0;
    if (missing_count > 0) (pass == 0 ? right : left).add(missing);
    if (pass == 1) left_rows = missing_count;
    // With the missing rows alone on the right, all groups may go left.
    const int64_t last = pass == 0 && missing_count > 0 ? count : count - 1;
    for (int64_t g = 0; g < last; g++) {
      const double *group = &sums[size_t(g) * size_t(width)];
      left.add(group);
      right.remove(group);
      left_rows += groups[size_t(g)].count;
      if (only >= 0 && g + 1 != only && g + 1 != count) continue;
      if (left_rows < limits.leaf || rows - left_rows < limits.leaf) continue;
      if (left.weight() < limits.weight || right.weight() < limits.weight || left.weight() <= 0 || right.weight() <= 0) continue;
      if (limits.monotone != 0) {
        const double a = left.value(), b = right.value();
        if ((b - a) * limits.monotone < 0 || a < limits.lower || b < limits.lower || a > limits.upper || b > limits.upper) continue;
      }
      const double gain = left.purity(criterion) + right.purity(criterion);
      if (gain > best.gain) {
        best.gain = gain;
        best.missing_left = pass == 1;
        found = g + 1;
      }
    }
  }
  return found;
}

}  // namespace trees
