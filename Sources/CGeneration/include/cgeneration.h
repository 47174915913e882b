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

typedef struct {
  const CGMatrix *queryKeyValue;    // [(heads + 2 * keyValueHeads) * headSize][hidden]
  const CGMatrix *attentionOutput;  // [hidden][heads * headSize]
  const CGMatrix *gateUp;           // 16 rows of the gate, 16 of the other half, and so on; a last group is filled up with zeros
  const CGMatrix *down;             // [hidden][feedForward]
  const float *attentionNorm;       // [hidden]
  const float *feedForwardNorm;     // [hidden]
  const float *queryKeyValueBias;   // or null
  const float *outputBias;          // or null
  const float *gateUpBias;          // in the order of gateUp's rows, or null
  const float *downBias;            // or null
  const float *queryNorm;           // [headSize], or null
  const float *keyNorm;             // [headSize], or null
  int64_t window;                   // keys that a position sees, itself included; 0: all before it
} CGLayer;

// A decoder of the Llama family.
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
  const float *inverseFrequencies;  // [rotary / 2]
  const CGLayer *layers;
  const CGMatrix *embedding;
  const CGMatrix *head;
  const float *norm;
} CGDecoder;

enum { CG_PAGE_TOKENS = 16 };
// Bytes of a page: the keys and values of all layers for 16 positions.
int64_t cg_page_bytes(const CGDecoder *decoder);

// Threads and memory for steps of up to a number of rows. One step at a time.
typedef struct CGWorkspace CGWorkspace;
// Null where memory or threads ran out.
CGWorkspace *cg_workspace_create(const CGDecoder *decoder, int64_t rows, int32_t threads);
void cg_workspace_free(CGWorkspace *workspace);

typedef struct {
  int64_t rows;
  const int32_t *tokens;
  const int32_t *positions;
  uint8_t *const *const *pages;  // for each row the pages of its sequence; rows of one sequence share the address and follow one another
  int64_t outputs;
  const int32_t *outputRows;
  float *logits;                 // [outputs][vocabulary]
} CGStep;

// Writes the rows' keys and values into their pages and the logits of the output rows. Returns 0, or 1 where memory ran out.
int32_t cg_step(const CGDecoder *decoder, CGWorkspace *workspace, const CGStep *step);

// out[row][i] = the sum over k of input[row][k] * matrix[i][k], as a step computes it.
int32_t cg_product(const CGMatrix *matrix, const float *input, int64_t rows, float *out);

// The instructions that steps use here: "avx512-vnni", "avx2" or "plain".
const char *cg_instructions(void);

#ifdef __cplusplus
}
#endif
