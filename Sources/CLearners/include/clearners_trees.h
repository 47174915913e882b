// Growing and walking decision trees. Sums are taken over inputs that the caller has rounded to a common grid, so that they are exact and
// do not depend on the order of rows.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { CL_CODE_MISSING = 0xFFFF, CL_LARGEST_BIN_COUNT = 0xFFFF };

enum { CL_GINI = 0, CL_ENTROPY = 1, CL_SQUARED_ERROR = 2, CL_POISSON = 3, CL_ABSOLUTE_ERROR = 4 };

// A column as places of its values in ascending bins.
//
// `codes`: a code a row, CL_CODE_MISSING for NaN. `low`, `high`: room for `largest` values; the smallest and the largest value of each bin.
// Distinct values have a bin each if there are at most `largest`, else bins hold about the same weight. Returns the number of bins, or -1
// where memory ran out.
int32_t cl_bin_column(const double *values, int64_t stride, const double *weights, int64_t rows, int32_t largest, uint16_t *codes,
                      double *low, double *high);

typedef struct {
  int64_t rows;
  int32_t features;
  const uint16_t *codes;        // [features][rows]
  const int32_t *bins;          // a feature
  const int64_t *bin_starts;    // a feature: where its bins lie in `low` and `high`
  const double *low;
  const double *high;
  const uint8_t *categorical;   // a feature: codes have no order
  const int8_t *monotone;       // a feature: -1, 0, 1; or NULL
  int32_t classes;              // 0 for regression
  const uint16_t *labels;       // a row; classification
  const double *targets;        // a row; regression
} CLTreeData;

typedef struct {
  int32_t criterion;
  int32_t random_thresholds;    // 1: a random threshold a feature (extremely randomised trees)
  int32_t largest_depth;
  int64_t smallest_split;
  int64_t smallest_leaf;
  double smallest_leaf_weight;
  double smallest_decrease;
  int32_t features_a_split;
  int64_t most_leaves;          // 0: no limit; else the best split goes first
  uint64_t key;                 // of everything random in this tree
} CLTreeSettings;

enum { CL_NODE_MISSING_LEFT = 1 << 30, CL_NODE_CATEGORICAL = 1 << 29, CL_NODE_FEATURE = (1 << 29) - 1 };

// A split: `feature` with flags, and `left`, with the right child after it. A leaf: feature -1, and in `left` its number among the leaves
// when the tree is walked.
// Numbers go left if they are at most `threshold`. Categories go left if their bit is set; `threshold` is then the place of the first
// word: how many categories there are, the bits follow.
typedef struct {
  double threshold;
  int32_t feature;
  int32_t left;
} CLTreeNode;

typedef struct {
  CLTreeNode *nodes;
  double *values;       // [nodes][max(classes, 1)]: shares of the classes, or the number
  double *impurities;   // a node
  double *weights;      // a node
  int64_t *counts;      // a node: rows
  uint32_t *words;      // categories
  int64_t node_count;
  int64_t word_count;
} CLTree;

// Grows a tree on the rows whose weight is above zero. Returns 0, or 1 where memory ran out. The caller frees the tree.
int cl_tree_grow(const CLTreeData *data, const double *weights, const CLTreeSettings *settings, CLTree *tree);
void cl_tree_free(CLTree *tree);

typedef struct {
  const CLTreeNode *nodes;
  const int64_t *starts;        // a tree: its first node
  int64_t trees;
  const uint32_t *words;
  const int64_t *word_starts;   // a tree: its first word; and the end
  const int64_t *leaf_starts;   // a tree: its first leaf
} CLForest;

// Adds the values (`[leaves][width]`) of the leaves that each row falls in: `out[row][width]`. Trees are added in their order.
void cl_forest_add(const CLForest *forest, const double *values, int32_t width, const double *x, int64_t rows, int64_t columns,
                   double *out);
// The leaf of each tree that each row falls in, counted from the tree's first: `out[row][trees]`.
void cl_forest_leaves(const CLForest *forest, const double *x, int64_t rows, int64_t columns, int32_t *out);

#ifdef __cplusplus
}
#endif
