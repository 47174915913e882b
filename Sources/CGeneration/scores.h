// Passes over the scores of a vocabulary. Included inside the namespace of one instruction set, after lanes.h.
//
// Every operation is written out and none is fused, so that all instruction sets draw the same tokens from the same scores.

// exp by range reduction to half of ln 2 and a polynomial of degree six; 0 below -87, relative error under 2e-7.
CG_INLINE F16 scoreExponential(F16 x) {
  const F16 clamped = smaller(larger(x, splat(-87.5f)), splat(88.0f));
  // Adding and subtracting 1.5 * 2^23 rounds to the nearest integer.
  const F16 magic = splat(12582912.0f);
  const F16 rounded = clamped * splat(1.44269504f) + magic;
  const F16 n = rounded - magic;
  const F16 r = (clamped - n * splat(0.693359375f)) + n * splat(2.1219444e-4f);
  F16 p = splat(1.98756915e-4f);
  p = p * r + splat(1.39819995e-3f);
  p = p * r + splat(8.3334519e-3f);
  p = p * r + splat(4.1665796e-2f);
  p = p * r + splat(1.6666665e-1f);
  p = p * r + splat(0.5f);
  p = p * r * r + r + splat(1.0f);
  // The low bits of the sum are the integer itself.
  const I16 exponent = (reinterpret_cast<I16>(rounded) - 0x4B400000 + 127) << 23;
  const F16 scaled = p * reinterpret_cast<F16>(exponent);
  return x < splat(-87.0f) ? F16{} : scaled;
}

// The largest score, and whether all are numbers below infinity.
float scoreMaximum(const float *scores, int64_t count, int32_t *valid) {
  const float infinity = std::numeric_limits<float>::infinity();
  float value = -infinity;
  I16 invalid = {};
  F16 best = splat(-infinity);
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const F16 x = load(scores + i);
    invalid |= ~(x < splat(infinity));
    best = larger(x, best);
  }
  value = largest(best);
  bool good = __builtin_reduce_or(invalid) == 0;
  for (; i < count; i++) {
    value = scores[i] > value ? scores[i] : value;
    good = good && scores[i] < infinity;
  }
  *valid = good ? 1 : 0;
  return value;
}

double scoreSum(const float *scores, int64_t count, float shift) {
  double total = 0;
  const int64_t blocks = count / 16;
  for (int64_t block = 0; block < blocks;) {
    // Partial sums of 64 registers stay accurate in 32 bits.
    const int64_t end = std::min<int64_t>(block + 64, blocks);
    F16 sums = {};
    for (; block < end; block++) sums += scoreExponential(load(scores + block * 16) - splat(shift));
    float part[16];
    store(part, sums);
    float sum = part[0];
    for (int lane = 1; lane < 16; lane++) sum += part[lane];
    total += static_cast<double>(sum);
  }
  for (int64_t i = blocks * 16; i < count; i++) total += static_cast<double>(std::exp(scores[i] - shift));
  return total;
}

void scoreScale(float *scores, int64_t count, float factor) {
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) store(scores + i, load(scores + i) * splat(factor));
  for (; i < count; i++) scores[i] *= factor;
}

// The place of a score in a histogram of distances from the largest one.
constexpr int64_t scoreBins = 2048;
CG_INLINE F16 scoreBin(F16 x, F16 shift) { return smaller((shift - x) * splat(32.0f), splat(scoreBins - 1)); }

void scoreNucleus(float *scores, int64_t count, float shift, double target) {
  // First roughly: how much each distance weighs.
  double weights[scoreBins] = {};
  const float infinity = std::numeric_limits<float>::infinity();
  float filled[16];
  auto at = [&](int64_t i) {
    if (i + 16 <= count) return load(scores + i);
    for (int64_t lane = 0; lane < 16; lane++) filled[lane] = i + lane < count ? scores[i + lane] : -infinity;
    return load(filled);
  };
  double total = 0;
  for (int64_t i = 0; i < count; i += 16) {
    const F16 x = at(i);
    const I16 bins = __builtin_convertvector(scoreBin(x, splat(shift)), I16);
    const F16 weight = scoreExponential(x - splat(shift));
    for (int lane = 0; lane < 16; lane++) weights[bins[lane]] += static_cast<double>(weight[lane]);
  }
  for (int64_t bin = 0; bin < scoreBins; bin++) total += weights[bin];
  // Distances that are in for sure, and those from which on all are out for sure.
  const double doubt = 1e-5 * total;
  int64_t sure = 0, end = 0;
  double before = 0;
  while (end < scoreBins && before < target + doubt) {
    before += weights[end++];
    if (before < target - doubt) sure = end;
  }
  // Then exactly.
  struct Entry {
    float score;
    int64_t index;
  };
  std::vector<Entry> open;
  before = 0;
  const F16 low = splat(static_cast<float>(sure)), high = splat(static_cast<float>(end));
  for (int64_t i = 0; i < count; i += 16) {
    const F16 x = at(i), bins = scoreBin(x, splat(shift));
    if (__builtin_reduce_or(reinterpret_cast<I16>(bins < high)) == 0) continue;
    for (int lane = 0; lane < 16; lane++) {
      if (bins[lane] >= high[lane] || x[lane] == -infinity) continue;
      if (bins[lane] < low[lane]) {
        before += std::exp(static_cast<double>(x[lane] - shift));
      } else {
        open.push_back({x[lane], i + lane});
      }
    }
  }
  std::sort(open.begin(), open.end(), [](const Entry &a, const Entry &b) {
    return a.score > b.score || (a.score == b.score && a.index < b.index);
  });
  size_t kept = 0;
  while (kept < open.size() && (before < target || (kept == 0 && sure == 0))) {
    before += std::exp(static_cast<double>(open[kept].score - shift));
    kept++;
  }
  // What stands behind the last one is out. Without an open one that is in, the last sure ones are.
  for (int64_t i = 0; i < count; i += 16) {
    const F16 x = at(i), bins = scoreBin(x, splat(shift));
    const F16 cut = bins < low ? x : splat(-infinity);
    if (i + 16 <= count) {
      store(scores + i, cut);
    } else {
      for (int64_t lane = 0; i + lane < count; lane++) scores[i + lane] = cut[lane];
    }
  }
  for (size_t entry = 0; entry < kept; entry++) scores[open[entry].index] = open[entry].score;
}
