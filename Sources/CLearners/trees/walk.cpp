// Sending rows down trees.
#include "../include/clearners_trees.h"

#include <algorithm>

namespace {

inline int32_t leafOf(const CLTreeNode *nodes, const uint32_t *words, const double *x) {
  int32_t at = 0;
  while (true) {
    const CLTreeNode &node = nodes[at];
    if (node.feature < 0) return node.left;
    const double value = x[node.feature & CL_NODE_FEATURE];
    bool left;
    if (value != value) {
      left = (node.feature & CL_NODE_MISSING_LEFT) != 0;
    } else if (node.feature & CL_NODE_CATEGORICAL) {
      const uint32_t *set = words + static_cast<int64_t>(node.threshold);
      // A category beyond those of the fit is as good as missing.
      if (value >= 0 && value < double(set[0])) {
        const auto code = static_cast<uint32_t>(value);
        left = (set[1 + code / 32] >> (code % 32) & 1) != 0;
      } else {
        left = (node.feature & CL_NODE_MISSING_LEFT) != 0;
      }
    } else {
      left = value <= node.threshold;
    }
    at = node.left + !left;
  }
}

}  // namespace

void cl_forest_add(const CLForest *forest, const double *values, int32_t width, const double *x, int64_t rows, int64_t columns,
                   double *out) {
  // A block of rows through one tree after the other: the tree stays in the cache.
  const int64_t block = 64;
  for (int64_t first = 0; first < rows; first += block) {
    const int64_t last = std::min(rows, first + block);
    for (int64_t tree = 0; tree < forest->trees; tree++) {
      const CLTreeNode *nodes = forest->nodes + forest->starts[tree];
      const double *shares = values + forest->leaf_starts[tree] * width;
      const uint32_t *words = forest->words + forest->word_starts[tree];
      for (int64_t row = first; row < last; row++) {
        const double *leaf = shares + static_cast<int64_t>(leafOf(nodes, words, x + row * columns)) * width;
        double *target = out + row * width;
        for (int32_t k = 0; k < width; k++) target[k] += leaf[k];
      }
    }
  }
}

void cl_forest_leaves(const CLForest *forest, const double *x, int64_t rows, int64_t columns, int32_t *out) {
  for (int64_t tree = 0; tree < forest->trees; tree++) {
    const CLTreeNode *nodes = forest->nodes + forest->starts[tree];
    const uint32_t *words = forest->words + forest->word_starts[tree];
    for (int64_t row = 0; row < rows; row++) out[row * forest->trees + tree] = leafOf(nodes, words, x + row * columns);
  }
}
