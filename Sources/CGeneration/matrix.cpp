// Packing and unpacking.
#include "matrix.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>

using namespace cg;

CGMatrix *cg_matrix_create(int32_t kind, int64_t rows, int64_t columns) {
  auto *matrix = new (std::nothrow) CGMatrix{};
  if (matrix == nullptr) return nullptr;
  matrix->kind = kind;
  matrix->rows = rows;
  matrix->columns = columns;
  matrix->blocks = (columns + blockColumns - 1) / blockColumns;
  matrix->panels = roundUp(rows, 2 * panelRows) / panelRows;
  switch (kind) {
    case CG_FLOAT32: matrix->panelBytes = columns * 64; break;
    case CG_BFLOAT16: matrix->panelBytes = columns * 32; break;
    case CG_INT8: matrix->panelBytes = matrix->blocks * int8BlockBytes; break;
    default: matrix->panelBytes = matrix->blocks * int4BlockBytes; break;
  }
  const int64_t bytes = roundUp(std::max<int64_t>(matrix->panels * matrix->panelBytes, 64), 64);
  matrix->data = static_cast<uint8_t *>(std::aligned_alloc(64, static_cast<size_t>(bytes)));
  if (matrix->data == nullptr) {
    delete matrix;
    return nullptr;
  }
  std::memset(matrix->data, 0, static_cast<size_t>(bytes));
  return matrix;
}

void cg_matrix_free(CGMatrix *matrix) {
  if (matrix == nullptr) return;
  std::free(matrix->data);
  delete matrix;
}

int64_t cg_matrix_bytes(const CGMatrix *matrix) { return matrix->panels * matrix->panelBytes; }

namespace {

struct Place {
  uint8_t *block;
  int64_t lane;
};

Place place(const CGMatrix *matrix, int64_t row, int64_t block) {
  const int64_t size = matrix->kind == CG_INT8 ? int8BlockBytes : int4BlockBytes;
  return {matrix->data + row / panelRows * matrix->panelBytes + block * size, row % panelRows};
}

void write(CGMatrix *matrix, int64_t row, int64_t index, const Block &block) {
  const auto [base, lane] = place(matrix, row, index);
  std::memcpy(base + 2 * lane, &block.scale, 2);
  std::memcpy(base + 32 + 2 * lane, &block.offset, 2);
  uint8_t *numbers = base + scaleBytes;
  if (matrix->kind == CG_INT8) {
    for (int k = 0; k < 32; k++) numbers[k / 4 * 64 + lane * 4 + k % 4] = block.whole[k];
  } else {
    for (int k = 0; k < 16; k++) {
      numbers[k / 4 * 64 + lane * 4 + k % 4] = static_cast<uint8_t>(block.whole[k] | block.whole[k + 16] << 4);
    }
  }
}

Block read(const CGMatrix *matrix, int64_t row, int64_t index) {
  const auto [base, lane] = place(matrix, row, index);
  Block block;
  std::memcpy(&block.scale, base + 2 * lane, 2);
  std::memcpy(&block.offset, base + 32 + 2 * lane, 2);
  const uint8_t *numbers = base + scaleBytes;
  if (matrix->kind == CG_INT8) {
    for (int k = 0; k < 32; k++) block.whole[k] = numbers[k / 4 * 64 + lane * 4 + k % 4];
  } else {
    for (int k = 0; k < 16; k++) {
      const uint8_t both = numbers[k / 4 * 64 + lane * 4 + k % 4];
      block.whole[k] = both & 15;
      block.whole[k + 16] = both >> 4;
    }
  }
  return block;
}

// int8 is symmetric (whole - 128), int4 reaches from the smallest to the largest.
Block rounded(const float *values, int32_t kind) {
  float low = values[0], high = values[0];
  for (int k = 1; k < 32; k++) {
    low = std::min(low, values[k]);
    high = std::max(high, values[k]);
  }
  Block block;
  const float limit = kind == CG_INT8 ? 255.0f : 15.0f;
  if (kind == CG_INT8) {
    const float largest = std::max(-low, high);
    block.scale = static_cast<_Float16>(largest / 127.0f);
    block.offset = static_cast<_Float16>(-128.0f * static_cast<float>(block.scale));
  } else {
    block.scale = static_cast<_Float16>((high - low) / 15.0f);
    block.offset = static_cast<_Float16>(low);
  }
  const float scale = static_cast<float>(block.scale), offset = static_cast<float>(block.offset);
  for (int k = 0; k < 32; k++) {
    const float whole = scale == 0 ? 0 : std::nearbyint((values[k] - offset) / scale);
    block.whole[k] = static_cast<uint8_t>(std::clamp(whole, 0.0f, limit));
  }
  return block;
}

uint16_t toBFloat16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  if (std::isnan(value)) return static_cast<uint16_t>(bits >> 16 | 64);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

}  // namespace

void cg_matrix_set_row(CGMatrix *matrix, int64_t row, const float *values) {
  const int64_t lane = row % panelRows;
  uint8_t *panel = matrix->data + row / panelRows * matrix->panelBytes;
  if (matrix->kind == CG_FLOAT32) {
    auto *numbers = reinterpret_cast<float *>(panel);
    for (int64_t k = 0; k < matrix->columns; k++) numbers[k * 16 + lane] = values[k];
  } else if (matrix->kind == CG_BFLOAT16) {
    auto *numbers = reinterpret_cast<uint16_t *>(panel);
    for (int64_t k = 0; k < matrix->columns; k++) numbers[k * 16 + lane] = toBFloat16(values[k]);
  } else {
    for (int64_t b = 0; b < matrix->blocks; b++) {
      const int64_t first = b * blockColumns;
      if (first + blockColumns <= matrix->columns) {
        write(matrix, row, b, rounded(values + first, matrix->kind));
      } else {
        float filled[32] = {};
        std::copy(values + first, values + matrix->columns, filled);
        write(matrix, row, b, rounded(filled, matrix->kind));
      }
    }
  }
}

int32_t cg_matrix_holds_blocks(int32_t kind, int32_t ggufType) {
  const int32_t largest = largestWhole(ggufType);
  return largest > 0 && ((kind == CG_INT8 && largest <= 255) || (kind == CG_INT4 && largest <= 15)) ? 1 : 0;
}

int32_t cg_matrix_set_blocks(CGMatrix *matrix, int64_t row, int32_t ggufType, const uint8_t *blocks) {
  if (!cg_matrix_holds_blocks(matrix->kind, ggufType) || matrix->columns % blockColumns != 0) return 0;
  Block block;
  for (int64_t b = 0; b < matrix->blocks; b++) {
    if (!readBlock(ggufType, blocks, b, block)) return 0;
    write(matrix, row, b, block);
  }
  return 1;
}

void cg_matrix_row(const CGMatrix *matrix, int64_t row, float *out) {
  const int64_t lane = row % panelRows;
  const uint8_t *panel = matrix->panel(row / panelRows);
  if (matrix->kind == CG_FLOAT32) {
    for (int64_t k = 0; k < matrix->columns; k++) out[k] = reinterpret_cast<const float *>(panel)[k * 16 + lane];
  } else if (matrix->kind == CG_BFLOAT16) {
    for (int64_t k = 0; k < matrix->columns; k++) {
      const uint32_t bits = static_cast<uint32_t>(reinterpret_cast<const uint16_t *>(panel)[k * 16 + lane]) << 16;
      std::memcpy(out + k, &bits, 4);
    }
  } else {
    for (int64_t b = 0; b < matrix->blocks; b++) {
      const Block block = read(matrix, row, b);
      const float scale = static_cast<float>(block.scale), offset = static_cast<float>(block.offset);
      const int64_t count = std::min(blockColumns, matrix->columns - b * blockColumns);
      for (int64_t k = 0; k < count; k++) out[b * blockColumns + k] = scale * block.whole[k] + offset;
    }
  }
}
