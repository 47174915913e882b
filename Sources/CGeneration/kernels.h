// What a step computes, as a table of functions for one instruction set.
#pragma once

#include <cstdint>

#include "matrix.h"

namespace cg {

// The left side of a product: rows of floats, and for packed whole numbers the same rows rounded to bytes, 16 to a scale.
// (With 32 to a scale steps are a sixth faster and perplexity is a little worse than llama.cpp's.)
struct Input {
  const float *values;
  int64_t stride;
  const int8_t *bytes;    // [rows][blocks * 32]
  const float *scales;    // [rows][blocks * 2]
  const float *sums;      // [rows][blocks]: the sum of the rounded numbers
  int64_t blocks;
};

enum class Ending { store, add, gate, activate };

struct Output {
  float *values;
  int64_t stride;
  const float *bias;      // or null
  Ending ending;          // gate: panels of a pair are the gate and what it lets through
  int32_t activation = 0; // of gate and activate
};

// Rows of one sequence at consecutive positions.
struct Attention {
  const float *queries;   // the first row's queries, keys and values as the product left them
  int64_t stride;
  int64_t rows;
  int64_t position;       // of the first row
  uint8_t *const *pages;
  int64_t layer;
  int64_t head;           // of keys and values
  int64_t window;         // 0: none
  int64_t seen;           // positions that every row sees; 0: those up to its own
  bool hasDistances;      // whether the decoder's distances count
  float *out;             // [rows][heads * headSize], outStride apart
  int64_t outStride;
  float *scratch;
};

struct Kernels {
  const char *name;
  void (*normalize)(const float *x, const float *weight, int64_t count, float epsilon, float *out);
  // Takes the mean away first; bias may be null.
  void (*centre)(const float *x, const float *weight, const float *bias, int64_t count, float epsilon, float *out);
  void (*round)(const float *x, int64_t count, int64_t blocks, int8_t *bytes, float *scales, float *sums);
  void (*product)(const CGMatrix *matrix, const Input &input, int64_t rows, int64_t firstPair, int64_t endPair, const Output &out);
  // Norms, rotates and keeps one row's queries, keys and values. cosines and sines: [rotary / 2].
  void (*keep)(const CGDecoder *decoder, const CGLayer *layer, int64_t layerIndex, float *row, const float *cosines, const float *sines,
               int64_t position, uint8_t *const *pages);
  // Keeps one row of keys and the values behind them as they are.
  void (*keepSource)(const CGDecoder *decoder, int64_t layerIndex, const float *row, int64_t position, uint8_t *const *pages);
  void (*attend)(const CGDecoder *decoder, const Attention &attention);
  // Of a vocabulary's scores.
  float (*scoreMaximum)(const float *scores, int64_t count, int32_t *valid);
  double (*scoreSum)(const float *scores, int64_t count, float shift);
  void (*scoreScale)(float *scores, int64_t count, float factor);
  void (*scoreNucleus)(float *scores, int64_t count, float shift, double target);
};

// Rows that attend together at most.
inline int64_t attentionRows(const CGDecoder *decoder) {
  const int64_t group = decoder->heads / decoder->keyValueHeads;
  return group >= 12 ? 1 : 12 / group;
}
// Floats that an attention over `length` positions needs.
inline int64_t attentionScratch(const CGDecoder *decoder, int64_t length) {
  return attentionRows(decoder) * (decoder->heads / decoder->keyValueHeads) * (roundUp(length, CG_PAGE_TOKENS) + CG_PAGE_TOKENS);
}

// The best for this machine.
const Kernels &kernels();
extern const Kernels plainKernels;
#if defined(__x86_64__)
extern const Kernels avx2Kernels;
extern const Kernels avx512Kernels;
#endif

}  // namespace cg
