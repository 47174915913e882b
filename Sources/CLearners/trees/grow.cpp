// Growing one tree: CART (Breiman, Friedman, Olshen, Stone 1984) and extremely randomised trees (Geurts, Ernst, Wehenkel 2006).
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <numeric>
#include <queue>

#include "absolute.h"
#include "philox.h"
#include "split.h"

namespace trees {
namespace {

// The largest power of two whose multiples, added up to `bound`, are all exact doubles.
double grid(double bound) {
  if (!(bound > 0) || !std::isfinite(bound)) return 0;
  int exponent = 0;
  std::frexp(bound, &exponent);
  return std::ldexp(1, std::max(exponent - 52, -1000));
}

double snap(double value, double grid) { return grid > 0 ? std::nearbyint(value / grid) * grid : value; }

struct Open {
  int64_t node, begin, end;
  int32_t depth;
  uint64_t path;
  double lower, upper;
};

struct Planned {
  Open open;
  Best best;
  double decrease;
};

class Grower {
 public:
  Grower(const CLTreeData &data, const double *weights, const CLTreeSettings &settings)
      : data_(data), settings_(settings), width_(data.classes > 0 ? data.classes : 1), group_width_(data.classes > 0 ? data.classes : 2) {
    weights_.assign(weights, weights + data.rows);
    prepare();
    int32_t most = 1;
    for (int32_t f = 0; f < data.features; f++) most = std::max(most, data.bins[f]);
    histogram_.assign(size_t(most) * size_t(group_width_), 0);
    counts_.assign(size_t(most), 0);
    order_.resize(size_t(data.features));
  }

  void grow() {
    if (rows_.empty()) return;
    Open root{make(0, int64_t(rows_.size())), 0, int64_t(rows_.size()), 0, 1, -infinity, infinity};
    if (settings_.most_leaves > 0) {
      growBestFirst(root);
      return;
    }
    std::vector<Open> stack{root};
    while (!stack.empty()) {
      const Open open = stack.back();
      stack.pop_back();
      Planned planned{open, {}, 0};
      if (!plan(planned)) continue;
      Open left, right;
      apply(planned, left, right);
      stack.push_back(right);
      stack.push_back(left);
    }
  }

  std::vector<CLTreeNode> nodes;
  std::vector<double> values, impurities, masses;
  std::vector<int64_t> sizes;
  std::vector<uint32_t> words;

 private:
  static constexpr double infinity = std::numeric_limits<double>::infinity();
  const CLTreeData &data_;
  const CLTreeSettings &settings_;
  const int32_t width_, group_width_;
  double centre_ = 0;
  std::vector<double> weights_, weighted_, squared_;  // a row
  std::vector<uint32_t> rows_, moved_;
  double total_ = 0;
  // Of the node at hand, in the order of its rows:
  std::vector<uint16_t> labels_;
  std::vector<double> local_weights_, local_sums_;
  // Of the feature at hand:
  std::vector<double> histogram_, sums_, missing_;
  std::vector<uint32_t> counts_;
  std::vector<uint64_t> keys_;
  std::vector<Group> groups_;
  std::vector<int32_t> order_;
  ClassSide class_left_, class_right_;
  NumberSide number_left_, number_right_;
  Absolute absolute_;

  bool isRegression() const { return data_.classes == 0; }

  // Inputs are rounded to multiples of a power of two that makes all sums exact: the order of rows and a weight of two in place of two
  // rows then change nothing.
  void prepare() {
    double sum = 0, low = infinity, high = -infinity;
    for (int64_t row = 0; row < data_.rows; row++) {
      if (!(weights_[size_t(row)] > 0)) continue;
      rows_.push_back(uint32_t(row));
      sum += weights_[size_t(row)];
      if (isRegression()) {
        low = std::min(low, data_.targets[row]);
        high = std::max(high, data_.targets[row]);
      }
    }
    const double step = grid(sum);
    for (uint32_t row : rows_) {
      // Not down to nothing: every row that counts stays one that counts.
      weights_[row] = std::max(snap(weights_[row], step), step);
      total_ += weights_[row];
    }
    if (!isRegression() || rows_.empty()) return;
    centre_ = settings_.criterion == CL_SQUARED_ERROR ? low / 2 + high / 2 : 0;
    const double largest = std::max(std::abs(low - centre_), std::abs(high - centre_));
    const double fine = grid(largest * sum), square = grid(largest * largest * sum), coarse = grid(largest * double(std::max(sum, 1.0)));
    weighted_.assign(size_t(data_.rows), 0);
    squared_.assign(size_t(data_.rows), 0);
    for (uint32_t row : rows_) {
      const double value = snap(data_.targets[row] - centre_, coarse);
      weighted_[row] = snap(weights_[row] * value, fine);
      squared_[row] = weights_[row] * snap(value * value, square);
    }
  }

  // A new leaf over these rows, with its value and impurity.
  int64_t make(int64_t begin, int64_t end) {
    const int64_t node = int64_t(nodes.size());
    nodes.push_back({0, -1, 0});
    sizes.push_back(end - begin);
    double mass = 0;
    if (isRegression()) {
      double sum = 0, square = 0, low = infinity, high = -infinity;
      for (int64_t at = begin; at < end; at++) {
        const uint32_t row = rows_[size_t(at)];
        mass += weights_[row];
        sum += weighted_[row];
        square += squared_[row];
        low = std::min(low, data_.targets[row]);
        high = std::max(high, data_.targets[row]);
      }
      const double mean = sum / mass;
      double impurity = 0;
      if (settings_.criterion == CL_POISSON) {
        // Half the mean deviance from the node's mean, up to what no split changes: the mean of y log y.
        double inner = 0;
        for (int64_t at = begin; at < end; at++) {
          const double y = data_.targets[rows_[size_t(at)]];
          if (y > 0) inner += weights_[rows_[size_t(at)]] * y * std::log(y);
        }
        impurity = low == high ? 0 : std::max(0.0, inner / mass - (mean > 0 ? mean * std::log(mean) : 0));
      } else {
        impurity = low == high ? 0 : std::max(0.0, square / mass - mean * mean);
      }
      double value = low == high ? low : centre_ + mean;
      if (settings_.criterion == CL_ABSOLUTE_ERROR) {
        absolute_.begin(rows_.data() + begin, end - begin, data_.targets, weights_.data());
        value = absolute_.median();
        impurity = low == high ? 0 : absolute_.error() / mass;
      }
      values.push_back(value);
      impurities.push_back(impurity);
    } else {
      const size_t start = values.size();
      values.resize(start + size_t(width_), 0);
      double *shares = &values[start];
      for (int64_t at = begin; at < end; at++) {
        const uint32_t row = rows_[size_t(at)];
        shares[data_.labels[row]] += weights_[row];
      }
      for (int32_t k = 0; k < width_; k++) mass += shares[k];
      double impurity = settings_.criterion == CL_GINI ? 1 : 0;
      for (int32_t k = 0; k < width_; k++) {
        shares[k] /= mass;
        if (settings_.criterion == CL_GINI) {
          impurity -= shares[k] * shares[k];
        } else if (shares[k] > 0) {
          impurity -= shares[k] * std::log2(shares[k]);
        }
      }
      impurities.push_back(std::max(impurity, 0.0));
    }
    masses.push_back(mass);
    return node;
  }

  // Finds the node's split, or says that it stays a leaf.
  bool plan(Planned &planned) {
    const Open &open = planned.open;
    const int64_t count = open.end - open.begin;
    if (open.depth >= settings_.largest_depth || count < settings_.smallest_split || count < 2 * settings_.smallest_leaf) return false;
    if (masses[size_t(open.node)] < 2 * settings_.smallest_leaf_weight) return false;
    if (impurities[size_t(open.node)] <= std::numeric_limits<double>::epsilon()) return false;
    gather(open);
    std::iota(order_.begin(), order_.end(), 0);
    Philox random(settings_.key, open.path);
    int32_t seen = 0;
    bool varies = false;
    for (int32_t place = 0; place < data_.features; place++) {
      if (settings_.features_a_split < data_.features) {
        // Features that do not vary here are drawn like others, but at least one that does is looked at.
        if (seen >= settings_.features_a_split && varies) break;
        std::swap(order_[size_t(place)], order_[size_t(place) + random.below(uint32_t(data_.features - place))]);
      }
      seen++;
      varies = consider(order_[size_t(place)], open, random, planned.best) || varies;
    }
    if (planned.best.feature < 0) return false;
    planned.decrease = decrease(planned);
    return planned.decrease + std::numeric_limits<double>::epsilon() >= settings_.smallest_decrease;
  }

  void gather(const Open &open) {
    const size_t count = size_t(open.end - open.begin);
    local_weights_.resize(count);
    if (isRegression()) {
      local_sums_.resize(count);
      for (size_t i = 0; i < count; i++) {
        const uint32_t row = rows_[size_t(open.begin) + i];
        local_weights_[i] = weights_[row];
        local_sums_[i] = weighted_[row];
      }
      if (settings_.criterion == CL_ABSOLUTE_ERROR) {
        absolute_.begin(rows_.data() + open.begin, int64_t(count), data_.targets, weights_.data());
      }
    } else {
      labels_.resize(count);
      for (size_t i = 0; i < count; i++) {
        const uint32_t row = rows_[size_t(open.begin) + i];
        local_weights_[i] = weights_[row];
        labels_[i] = data_.labels[row];
      }
    }
  }

  void addTo(double *group, size_t i) const {
    if (isRegression()) {
      group[0] += local_weights_[i];
      group[1] += local_sums_[i];
    } else {
      group[labels_[i]] += local_weights_[i];
    }
  }

  // The node's rows by code, ascending; the missing ones apart.
  int64_t group(int32_t feature, const Open &open) {
    const uint16_t *column = data_.codes + int64_t(feature) * data_.rows;
    const uint32_t *rows = rows_.data() + open.begin;
    const size_t count = size_t(open.end - open.begin), width = size_t(group_width_);
    const size_t bins = size_t(data_.bins[feature]);
    groups_.clear();
    sums_.clear();
    missing_.assign(width, 0);
    int64_t missing = 0;
    double log2 = 0;
    for (size_t n = count; n > 1; n >>= 1) log2++;
    if (double(count) * log2 < double(bins)) {
      keys_.clear();
      for (size_t i = 0; i < count; i++) {
        const uint16_t code = column[rows[i]];
        if (code == CL_CODE_MISSING) {
          missing++;
          addTo(missing_.data(), i);
        } else {
          keys_.push_back(uint64_t(code) << 32 | i);
        }
      }
      sortKeys();
      for (uint64_t key : keys_) {
        const uint32_t code = uint32_t(key >> 32);
        if (groups_.empty() || groups_.back().code != code) {
          groups_.push_back({code, 0});
          sums_.resize(sums_.size() + width, 0);
        }
        groups_.back().count++;
        addTo(&sums_[sums_.size() - width], size_t(uint32_t(key)));
      }
      return missing;
    }
    std::fill_n(counts_.begin(), bins, 0);
    std::fill_n(histogram_.begin(), bins * width, 0);
    if (isRegression()) {
      for (size_t i = 0; i < count; i++) {
        const uint16_t code = column[rows[i]];
        if (code == CL_CODE_MISSING) {
          missing++;
          addTo(missing_.data(), i);
          continue;
        }
        counts_[code]++;
        histogram_[size_t(code) * 2] += local_weights_[i];
        histogram_[size_t(code) * 2 + 1] += local_sums_[i];
      }
    } else {
      for (size_t i = 0; i < count; i++) {
        const uint16_t code = column[rows[i]];
        if (code == CL_CODE_MISSING) {
          missing++;
          addTo(missing_.data(), i);
          continue;
        }
        counts_[code]++;
        histogram_[size_t(code) * width + labels_[i]] += local_weights_[i];
      }
    }
    for (size_t code = 0; code < bins; code++) {
      if (counts_[code] == 0) continue;
      groups_.push_back({uint32_t(code), counts_[code]});
      sums_.insert(sums_.end(), &histogram_[code * width], &histogram_[code * width] + width);
    }
    return missing;
  }

  void sortKeys() {
    if (keys_.size() > 24) {
      std::sort(keys_.begin(), keys_.end());
      return;
    }
    for (size_t i = 1; i < keys_.size(); i++) {
      const uint64_t key = keys_[i];
      size_t at = i;
      for (; at > 0 && keys_[at - 1] > key; at--) keys_[at] = keys_[at - 1];
      keys_[at] = key;
    }
  }

  // Categories in the order of their mean target (of the share of the node's commonest class), which makes the best cut the best subset
  // of all for two classes and for numbers (Fisher 1958).
  void orderCategories(int64_t node) {
    const size_t width = size_t(group_width_);
    size_t chosen = 1;
    if (!isRegression() && data_.classes > 2) {
      const double *shares = &values[size_t(node) * width];
      chosen = size_t(std::max_element(shares, shares + width) - shares);
    }
    std::vector<size_t> order(groups_.size());
    std::vector<double> means(groups_.size());
    for (size_t g = 0; g < groups_.size(); g++) {
      order[g] = g;
      double mass = sums_[g * width];
      if (!isRegression()) mass = std::accumulate(&sums_[g * width], &sums_[g * width] + width, 0.0);
      means[g] = width == 1 ? 0 : sums_[g * width + chosen] / mass;
    }
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return means[a] < means[b]; });
    std::vector<Group> groups;
    std::vector<double> sums;
    for (size_t g : order) {
      groups.push_back(groups_[g]);
      sums.insert(sums.end(), &sums_[g * width], &sums_[g * width] + width);
    }
    groups_.swap(groups);
    sums_.swap(sums);
  }

  // Two groups: at most the cut, and above it.
  void mergeAt(uint32_t cut) {
    const size_t width = size_t(group_width_);
    size_t kept = 0;
    for (size_t g = 0; g < groups_.size(); g++) {
      const bool isFirst = g == 0 || (groups_[g].code > cut && groups_[g - 1].code <= cut);
      if (isFirst) {
        groups_[kept] = groups_[g];
        std::copy_n(&sums_[g * width], width, &sums_[kept * width]);
        kept++;
      } else {
        groups_[kept - 1].code = groups_[g].code;
        groups_[kept - 1].count += groups_[g].count;
        for (size_t k = 0; k < width; k++) sums_[(kept - 1) * width + k] += sums_[g * width + k];
      }
    }
    groups_.resize(kept);
    sums_.resize(kept * width);
  }

  // Looks for a better split by this feature. Returns whether its values differ in the node.
  bool consider(int32_t feature, const Open &open, Philox &random, Best &best) {
    const int64_t missing = group(feature, open);
    if (groups_.empty() || (groups_.size() == 1 && missing == 0)) return false;
    const bool categorical = data_.categorical[feature] != 0;
    int64_t only = -1;
    double drawn = 0;
    if (categorical) {
      orderCategories(open.node);
      if (settings_.random_thresholds && groups_.size() > 1) only = 1 + random.below(uint32_t(groups_.size() - 1));
    } else if (settings_.random_thresholds && groups_.size() > 1) {
      const double *low = data_.low + data_.bin_starts[feature], *high = data_.high + data_.bin_starts[feature];
      const uint32_t first = groups_.front().code, last = groups_.back().code;
      drawn = low[first] + (high[last] - low[first]) * random.uniform();
      uint32_t cut = uint32_t(std::upper_bound(low + first, low + last, drawn) - low) - 1;
      cut = std::max(cut, first);
      drawn = std::max(std::min(drawn, std::nextafter(low[cut + 1], -infinity)), high[cut]);
      mergeAt(cut);
      // The cut itself, not the largest value below it that happens to be here.
      groups_.front().code = cut;
    }
    const Limits limits{settings_.smallest_leaf, settings_.smallest_leaf_weight, data_.monotone ? data_.monotone[feature] : 0, open.lower,
                        open.upper};
    int64_t found;
    if (settings_.criterion == CL_ABSOLUTE_ERROR) {
      found = absolute_.scan(groups_, data_.codes + int64_t(feature) * data_.rows, rows_.data() + open.begin, missing, limits, only, best);
    } else if (isRegression()) {
      found = scan(groups_, sums_, group_width_, missing, missing_.data(), settings_.criterion, limits, only, number_left_,
                   number_right_, best);
    } else {
      found = scan(groups_, sums_, group_width_, missing, missing_.data(), settings_.criterion, limits, only, class_left_, class_right_,
                   best);
    }
    if (found < 0) return true;
    best.feature = feature;
    best.left_categories.clear();
    if (missing == 0) {
      int64_t left = 0;
      for (int64_t g = 0; g < found; g++) left += groups_[size_t(g)].count;
      best.missing_left = 2 * left > open.end - open.begin;
    }
    if (categorical) {
      for (int64_t g = 0; g < found; g++) best.left_categories.push_back(uint16_t(groups_[size_t(g)].code));
      return true;
    }
    best.cut = groups_[size_t(found) - 1].code;
    if (size_t(found) == groups_.size()) {
      best.threshold = infinity;
      best.cut = uint32_t(data_.bins[feature]);
    } else if (settings_.random_thresholds) {
      best.threshold = drawn;
    } else {
      const double *low = data_.low + data_.bin_starts[feature], *high = data_.high + data_.bin_starts[feature];
      const double a = high[best.cut], b = low[groups_[size_t(found)].code];
      best.threshold = a / 2 + b / 2;
      if (!(best.threshold >= a && best.threshold < b)) best.threshold = a;
    }
    return true;
  }

  bool goesLeft(const Best &best, const std::vector<uint8_t> &set, uint32_t row) const {
    const uint16_t code = data_.codes[int64_t(best.feature) * data_.rows + row];
    if (code == CL_CODE_MISSING) return best.missing_left;
    return set.empty() ? code <= best.cut : set[code] != 0;
  }

  std::vector<uint8_t> leftSet(const Best &best) const {
    if (!data_.categorical[best.feature]) return {};
    std::vector<uint8_t> set(size_t(data_.bins[best.feature]), 0);
    for (uint16_t code : best.left_categories) set[code] = 1;
    return set;
  }

  // How much less impure the tree gets, as a share of the whole.
  double decrease(const Planned &planned) {
    if (settings_.smallest_decrease <= 0 && settings_.most_leaves == 0) return 0;
    const auto set = leftSet(planned.best);
    const size_t mark = nodes.size(), begin = size_t(planned.open.begin), end = size_t(planned.open.end);
    const auto middle = std::stable_partition(rows_.begin() + int64_t(begin), rows_.begin() + int64_t(end),
                                              [&](uint32_t row) { return goesLeft(planned.best, set, row); });
    const int64_t cut = middle - rows_.begin();
    make(planned.open.begin, cut);
    make(cut, planned.open.end);
    const size_t node = size_t(planned.open.node);
    const double below = masses[mark] * impurities[mark] + masses[mark + 1] * impurities[mark + 1];
    const double gain = (masses[node] * impurities[node] - below) / total_;
    nodes.resize(mark);
    sizes.resize(mark);
    masses.resize(mark);
    impurities.resize(mark);
    values.resize(mark * size_t(width_));
    return gain;
  }

  void apply(const Planned &planned, Open &left, Open &right) {
    const Open &open = planned.open;
    const Best &best = planned.best;
    const auto set = leftSet(best);
    int64_t cut = open.begin;
    moved_.clear();
    for (int64_t at = open.begin; at < open.end; at++) {
      const uint32_t row = rows_[size_t(at)];
      if (goesLeft(best, set, row)) {
        rows_[size_t(cut++)] = row;
      } else {
        moved_.push_back(row);
      }
    }
    std::copy(moved_.begin(), moved_.end(), rows_.begin() + cut);
    const int64_t first = make(open.begin, cut), second = make(cut, open.end);
    CLTreeNode &node = nodes[size_t(open.node)];
    node.left = int32_t(first);
    node.feature = best.feature | (best.missing_left ? CL_NODE_MISSING_LEFT : 0);
    node.threshold = best.threshold;
    if (!set.empty()) {
      node.feature |= CL_NODE_CATEGORICAL;
      node.threshold = double(words.size());
      // Categories that the node never saw go where most rows go.
      const size_t levels = set.size(), start = words.size();
      std::vector<uint8_t> seen(levels, 0);
      for (int64_t at = open.begin; at < open.end; at++) {
        const uint16_t code = data_.codes[int64_t(best.feature) * data_.rows + rows_[size_t(at)]];
        if (code != CL_CODE_MISSING) seen[code] = 1;
      }
      words.push_back(uint32_t(levels));
      words.resize(start + 1 + (levels + 31) / 32, 0);
      const bool most_left = 2 * (cut - open.begin) > open.end - open.begin;
      for (size_t code = 0; code < levels; code++) {
        if (seen[code] ? set[code] != 0 : most_left) words[start + 1 + code / 32] |= 1u << (code % 32);
      }
    }
    left = {first, open.begin, cut, open.depth + 1, child(open.path, 0), open.lower, open.upper};
    right = {second, cut, open.end, open.depth + 1, child(open.path, 1), open.lower, open.upper};
    if (data_.monotone) bound(best.feature, left, right);
  }

  // A node's key says how it was reached, so that what is random in it does not depend on when it is split.
  static uint64_t child(uint64_t path, uint64_t side) {
    uint64_t mixed = (path << 1 | side) + 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }

  // Children of a monotone split stay on their side of its middle.
  void bound(int32_t feature, Open &left, Open &right) {
    const double a = clipped(left), b = clipped(right);
    if (data_.monotone[feature] != 0) {
      const double middle = a / 2 + b / 2;
      if (data_.monotone[feature] > 0) {
        left.upper = middle;
        right.lower = middle;
      } else {
        left.lower = middle;
        right.upper = middle;
      }
    }
  }

  // The value that monotone bounds are about, moved into the node's bounds: the share of the second class, or the distance of the number
  // from the centre.
  double clipped(const Open &open) {
    double *value = &values[size_t(open.node) * size_t(width_)];
    if (isRegression()) {
      const double bounded = std::min(std::max(*value - centre_, open.lower), open.upper);
      if (bounded != *value - centre_) *value = bounded + centre_;
      return bounded;
    }
    const double bounded = std::min(std::max(value[1], open.lower), open.upper);
    value[1] = bounded;
    value[0] = 1 - bounded;
    return bounded;
  }

  void growBestFirst(const Open &root) {
    const auto worse = [](const Planned &a, const Planned &b) {
      return a.decrease < b.decrease || (a.decrease == b.decrease && a.open.node > b.open.node);
    };
    std::priority_queue<Planned, std::vector<Planned>, decltype(worse)> queue(worse);
    const auto add = [&](const Open &open) {
      Planned planned{open, {}, 0};
      if (plan(planned)) queue.push(planned);
    };
    add(root);
    int64_t leaves = 1;
    while (!queue.empty() && leaves < settings_.most_leaves) {
      const Planned planned = queue.top();
      queue.pop();
      Open left, right;
      apply(planned, left, right);
      leaves++;
      add(left);
      add(right);
    }
  }
};

template <typename Element>
Element *copied(const std::vector<Element> &values) {
  auto *result = static_cast<Element *>(std::malloc(std::max<size_t>(values.size(), 1) * sizeof(Element)));
  if (result == nullptr) throw std::bad_alloc();
  if (!values.empty()) std::memcpy(result, values.data(), values.size() * sizeof(Element));
  return result;
}

}  // namespace
}  // namespace trees

int cl_tree_grow(const CLTreeData *data, const double *weights, const CLTreeSettings *settings, CLTree *tree) {
  std::memset(tree, 0, sizeof(*tree));
  try {
    trees::Grower grower(*data, weights, *settings);
    grower.grow();
    tree->node_count = int64_t(grower.nodes.size());
    tree->word_count = int64_t(grower.words.size());
    tree->nodes = trees::copied(grower.nodes);
    tree->values = trees::copied(grower.values);
    tree->impurities = trees::copied(grower.impurities);
    tree->weights = trees::copied(grower.masses);
    tree->counts = trees::copied(grower.sizes);
    tree->words = trees::copied(grower.words);
    return 0;
  } catch (const std::exception &) {
    cl_tree_free(tree);
    return 1;
  }
}

void cl_tree_free(CLTree *tree) {
  std::free(tree->nodes);
  std::free(tree->values);
  std::free(tree->impurities);
  std::free(tree->weights);
  std::free(tree->counts);
  std::free(tree->words);
  std::memset(tree, 0, sizeof(*tree));
}
