// Sending rows down trees.
#include "../include/clearners_trees.h"

#include <algorithm>

namespace {

// The child that a row goes to.
inline int32_t next(const CLTreeNode &node, const uint32_t *words, const double *x) {
  const double value = x[node.feature & CL_NODE_FEATURE];
  bool left = value <= node.threshold;
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
  }
  return node.left + !left;
}

constexpr int lanes = 8;

// The leaves of up to `lanes` rows. They walk side by side, so that the processor fetches one's node while it waits for another's.
inline void leavesOf(const CLTreeNode *nodes, const uint32_t *words, const double *x, int64_t columns, int count, int32_t *leaves) {
  if (count == 1) {
    int32_t alone = 0;
    while (nodes[alone].feature >= 0) alone = next(nodes[alone], words, x);
    leaves[0] = nodes[alone].left;
    return;
  }
  int32_t at[lanes] = {0};
  bool walking = true;
  while (walking) {
    walking = false;
    for (int lane = 0; lane < count; lane++) {
      const CLTreeNode &node = nodes[at[lane]];
      if (node.feature < 0) continue;
      at[lane] = next(node, words, x + lane * columns);
      walking = true;
    }
  }
  for (int lane = 0; lane < count; lane++) leaves[lane] = nodes[at[lane]].left;
}

// The same where no value is missing and no feature is a category: without a branch but the last, which cannot be foreseen well otherwise.
inline void plainLeavesOf(const CLTreeNode *nodes, const double *x, int64_t columns, int32_t *leaves) {
  int32_t at[lanes] = {0};
  int32_t walking = -1;
  while (walking) {
    walking = 0;
    for (int lane = 0; lane < lanes; lane++) {
      const CLTreeNode &node = nodes[at[lane]];
      const int32_t isLeaf = node.feature >> 31;
      const bool right = !(x[lane * columns + (node.feature & CL_NODE_FEATURE & ~isLeaf)] <= node.threshold);
      at[lane] = (at[lane] & isLeaf) | ((node.left + right) & ~isLeaf);
      walking |= ~isLeaf;
    }
  }
  for (int lane = 0; lane < lanes; lane++) leaves[lane] = nodes[at[lane]].left;
}

bool hasMissing(const double *x, int64_t count) {
  int missing = 0;
  for (int64_t place = 0; place < count; place++) missing |= x[place] != x[place];
  return missing != 0;
}

}  // namespace

void cl_forest_add(const CLForest *forest, const double *values, int32_t width, const double *x, int64_t rows, int64_t columns,
                   double *out) {
  // A block of rows through one tree after the other: both stay in the cache.
  const int64_t block = 512;
  for (int64_t first = 0; first < rows; first += block) {
    const int64_t last = std::min(rows, first + block);
    const bool isWhole = last - first >= lanes && !hasMissing(x + first * columns, (last - first) * columns);
    for (int64_t tree = 0; tree < forest->trees; tree++) {
      const CLTreeNode *nodes = forest->nodes + forest->starts[tree];
      const double *shares = values + forest->leaf_starts[tree] * width;
      const uint32_t *words = forest->words + forest->word_starts[tree];
      const bool isPlain = isWhole && forest->word_starts[tree] == forest->word_starts[tree + 1];
      for (int64_t row = first; row < last; row += lanes) {
        int32_t leaves[lanes];
        const int count = static_cast<int>(std::min<int64_t>(lanes, last - row));
        if (isPlain && count == lanes) {
          plainLeavesOf(nodes, x + row * columns, columns, leaves);
        } else {
          leavesOf(nodes, words, x + row * columns, columns, count, leaves);
        }
        for (int lane = 0; lane < count; lane++) {
          const double *leaf = shares + static_cast<int64_t>(leaves[lane]) * width;
          double *target = out + (row + lane) * width;
          for (int32_t k = 0; k < width; k++) target[k] += leaf[k];
        }
      }
    }
  }
}

void cl_forest_leaves(const CLForest *forest, const double *x, int64_t rows, int64_t columns, int32_t *out) {
  for (int64_t tree = 0; tree < forest->trees; tree++) {
    const CLTreeNode *nodes = forest->nodes + forest->starts[tree];
    const uint32_t *words = forest->words + forest->word_starts[tree];
    for (int64_t row = 0; row < rows; row += lanes) {
      int32_t leaves[lanes];
      const int count = static_cast<int>(std::min<int64_t>(lanes, rows - row));
      leavesOf(nodes, words, x + row * columns, columns, count, leaves);
      for (int lane = 0; lane < count; lane++) out[(row + lane) * forest->trees + tree] = leaves[lane];
    }
  }
}
