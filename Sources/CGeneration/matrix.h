// How packed matrices lie in memory.
#pragma once

#include <cstdint>

#include "include/cgeneration.h"

// Rows are packed 16 at a time into panels whose numbers lie as the 16 lanes of a register want them; two panels make a pair.
//
// - float32, bfloat16: for each column the 16 rows' numbers.
// - int8, for each 32 columns: 16 scales and 16 offsets (float16), then eight registers of [row][4 columns] bytes.
// - int4, the same with four registers: low halves hold columns 0 to 15, high halves columns 16 to 31.
struct CGMatrix {
  int32_t kind;
  int64_t rows;
  int64_t columns;
  int64_t blocks;      // of 32 columns
  int64_t panels;      // even
  int64_t panelBytes;
  uint8_t *data;

  bool whole() const { return kind == CG_INT8 || kind == CG_INT4; }
  const uint8_t *panel(int64_t index) const { return data + index * panelBytes; }
};

namespace cg {

constexpr int64_t panelRows = 16;
constexpr int64_t blockColumns = 32;
constexpr int64_t scaleBytes = 64;
constexpr int64_t int8BlockBytes = scaleBytes + 512;
constexpr int64_t int4BlockBytes = scaleBytes + 256;

inline int64_t roundUp(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

// 32 numbers scale * whole + offset.
struct Block {
  _Float16 scale;
  _Float16 offset;
  uint8_t whole[32];
};

// Reads the block `index` of a row of a GGUF file. False if the type does not split into 32 numbers with one scale and offset.
bool readBlock(int32_t ggufType, const uint8_t *row, int64_t index, Block &block);
// The largest whole number of a type that readBlock knows, 0 for others.
int32_t largestWhole(int32_t ggufType);

}  // namespace cg
