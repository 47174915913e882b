// The arithmetic of decoding text with a transformer: packed matrices, a paged cache of keys and values, and a whole step in one call.
//
// What a row of a step gives does not depend on the other rows, on their number or on the threads: every number is summed in one order.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// How a packed matrix keeps its numbers. The last two are whole numbers with a scale and an offset for every 32 columns of a row.
enum { CG_FLOAT32 = 0, CG_BFLOAT16 = 1, CG_INT8 = 2, CG_INT4 = 3 };

typedef struct CGMatrix CGMatrix;

// A matrix of zeros, or null where memory ran out.
CGMatrix *cg_matrix_create(int32_t kind, int64_t rows, int64_t columns);
void cg_matrix_free(CGMatrix *matrix);
// Bytes of packed numbers.
int64_t cg_matrix_bytes(const CGMatrix *matrix);
// Packs one row. Whole numbers are rounded to the nearest of the format.
void cg_matrix_set_row(CGMatrix *matrix, int64_t row, const float *values);
// Packs one row of a GGUF file's blocks without rounding the whole numbers. Returns 0 if the format cannot hold that type so.
int32_t cg_matrix_set_blocks(CGMatrix *matrix, int64_t row, int32_t ggufType, const uint8_t *blocks);
// 1 if cg_matrix_set_blocks takes that type for that format.
int32_t cg_matrix_holds_blocks(int32_t kind, int32_t ggufType);
// Unpacks one row.
void cg_matrix_row(const CGMatrix *matrix, int64_t row, float *out);

// What a layer of a decoder does with the text that an encoder has read.
typedef struct {
  const CGMatrix *query;            // [heads * headSize][hidden]
  const CGMatrix *keyValue;         // [2 * keyValueHeads * headSize][hidden]
  const CGMatrix *output;           // [hidden][heads * headSize]
  const float *norm;                // [hidden]
  const float *normBias;            // or null, as the others
  const float *queryBias;
  const float *keyValueBias;
  const float *outputBias;
} CGCross;

typedef struct {
  const CGMatrix *queryKeyValue;    // [(heads + 2 * keyValueHeads) * headSize][hidden]
  const CGMatrix *attentionOutput;  // [hidden][heads * headSize]
  const CGMatrix *gateUp;           // gated: 16 rows of the gate, 16 of the other half, and so on, a last group filled up with zeros;
                                    // else [feedForward][hidden]
  const CGMatrix *down;             // [hidden][feedForward]
  const CGCross *cross;             // or null
  const float *attentionNorm;       // [hidden]
  const float *feedForwardNorm;     // [hidden]
  const float *attentionNormBias;   // or null
  const float *feedForwardNormBias; // or null
  const float *queryKeyValueBias;   // or null
  const float *outputBias;          // or null
  const float *gateUpBias;          // in the order of gateUp's rows, or null
  const float *downBias;            // or null
  const float *queryNorm;           // [headSize], or null
  const float *keyNorm;             // [headSize], or null
  int64_t window;                   // keys that a position sees, itself included; 0: all before it
} CGLayer;

enum { CG_SILU = 0, CG_RELU = 1, CG_GELU = 2, CG_GELU_TANH = 3 };

// A decoder, or an encoder: what has no head gives vectors in the place of scores.
typedef struct {
  int64_t layerCount;
  int64_t hidden;
  int64_t heads;
  int64_t keyValueHeads;
  int64_t headSize;      // a multiple of 16
  int64_t feedForward;
  int64_t vocabulary;
  int64_t rotary;        // leading numbers of a head that are rotated
  float epsilon;
  float attentionScale;
  float rotaryScale;     // of the cosines and sines
  int32_t halfCache;     // 1: keys and values are kept as float16, 0: as float32
  int32_t centred;       // 1: norms take the mean away and may add a vector (LayerNorm), 0: they divide only (RMSNorm)
  int32_t normsBehind;   // 1: norms stand behind the sums (Vaswani et al. 2017), 0: before the maps
  int32_t gated;         // 1: feed-forward layers have a gate
  int32_t activation;
  int32_t seesAll;       // 1: a step is one whole text, and its positions see all of it (an encoder); 0: they see those up to their own
  float embeddingScale;
  const float *inverseFrequencies;  // [rotary / 2]
  const float *positions;           // [..][hidden], added to tokens' vectors, or null
  // Added to products by distance, or null. The last one stands for all beyond. seesAll: [heads][2 * distances - 1] from those behind to
  // those ahead; else [heads][distances].
  const float *distanceBias;
  int64_t distances;
  const CGLayer *layers;
  const CGMatrix *embedding;
  const CGMatrix *head;             // or null
  const float *headBias;            // or null
  const float *norm;                // or null
  const float *normBias;            // or null
} CGDecoder;

enum { CG_PAGE_TOKENS = 16 };
// Bytes of a page: the keys and values of all layers for 16 positions.
int64_t cg_page_bytes(const CGDecoder *decoder);

// Threads and memory for steps of up to a number of rows. One step at a time.
typedef struct CGWorkspace CGWorkspace;
// Steps use the instructions of that name, or the usual ones where it is null. Null where memory or threads ran out, or the machine lacks
// them.
CGWorkspace *cg_workspace_create(const CGDecoder *decoder, int64_t rows, int32_t threads, const char *instructions);
void cg_workspace_free(CGWorkspace *workspace);

typedef struct {
  int64_t rows;
  const int32_t *tokens;
  const int32_t *positions;
  uint8_t *const *const *pages;  // for each row the pages of its sequence; rows of one sequence share the address and follow one another
  uint8_t *const *const *sources;  // for each row the pages of the text that its sequence answers, or null without an encoder
  const int32_t *sourceLengths;    // tokens in them
  int64_t outputs;
  const int32_t *outputRows;
  float *logits;                 // [outputs][vocabulary], or [outputs][hidden] of what has no head
} CGStep;

// Writes the rows' keys and values into their pages and the logits of the output rows. Returns 0, or 1 where memory ran out.
int32_t cg_step(const CGDecoder *decoder, CGWorkspace *workspace, const CGStep *step);

// Keeps an encoder's vectors, [length][hidden], as the keys and values that a decoder's layers look at. Returns 0, or 1 where memory ran
// out.
int32_t cg_remember(const CGDecoder *decoder, CGWorkspace *workspace, int64_t length, const float *vectors, uint8_t *const *pages);

// out[row][i] = the sum over k of input[row][k] * matrix[i][k], as a step computes it.
int32_t cg_product(const CGMatrix *matrix, const float *input, int64_t rows, float *out);

// Passes over the scores of a vocabulary; all instructions give the same.
// The largest score; valid becomes 1 where all are numbers below infinity.
float cg_scores_maximum(const float *scores, int64_t count, int32_t *valid);
// The sum of exp(score - shift).
double cg_scores_sum(const float *scores, int64_t count, float shift);
void cg_scores_scale(float *scores, int64_t count, float factor);
// Forbids all but the largest scores whose exp(score - shift) reach the target together, the first of equals first; one is kept at least.
// shift is the largest score. Returns 0, or 1 where memory ran out and nothing was changed.
int32_t cg_scores_nucleus(float *scores, int64_t count, float shift, double target);

// The instructions that steps use here: "avx512-vnni", "avx2" or "plain".
const char *cg_instructions(void);
// 1 if the machine has the instructions of that name.
int32_t cg_has_instructions(const char *name);

#ifdef __cplusplus
}
#endif
