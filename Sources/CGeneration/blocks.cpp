// Blocks of GGUF files whose 32 numbers share one scale and offset, taken apart. The numbers of types are those of the file format.
#include <cstring>

#include "matrix.h"

namespace cg {

namespace {

_Float16 half(const uint8_t *bytes) {
  _Float16 value;
  std::memcpy(&value, bytes, 2);
  return value;
}

// Low halves are the first 16 numbers, high halves the others.
void nibbles(const uint8_t *bytes, uint8_t *out) {
  for (int k = 0; k < 16; k++) {
    out[k] = bytes[k] & 15;
    out[k + 16] = bytes[k] >> 4;
  }
}

void fifthBits(const uint8_t *bytes, uint8_t *out) {
  uint32_t bits;
  std::memcpy(&bits, bytes, 4);
  for (int k = 0; k < 32; k++) out[k] |= static_cast<uint8_t>((bits >> k & 1) << 4);
}

// The 6-bit scale and offset of one of the eight parts of a block of 256 (Q4_K, Q5_K).
void partScale(const uint8_t *packed, int part, uint8_t &scale, uint8_t &offset) {
  if (part < 4) {
    scale = packed[part] & 63;
    offset = packed[part + 4] & 63;
  } else {
    scale = static_cast<uint8_t>((packed[part + 4] & 15) | (packed[part - 4] >> 6 << 4));
    offset = static_cast<uint8_t>((packed[part + 4] >> 4) | (packed[part] >> 6 << 4));
  }
}

constexpr int8_t codebook[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

void codes(const uint8_t *bytes, uint8_t *out) {
  nibbles(bytes, out);
  for (int k = 0; k < 32; k++) out[k] = static_cast<uint8_t>(codebook[out[k]] + 128);
}

_Float16 times(_Float16 scale, float factor) { return static_cast<_Float16>(static_cast<float>(scale) * factor); }

}  // namespace

int32_t largestWhole(int32_t type) {
  switch (type) {
    case 2: case 3: case 12: return 15;
    case 6: case 7: case 13: return 31;
    case 8: case 20: case 23: return 255;
    default: return 0;
  }
}

bool readBlock(int32_t type, const uint8_t *row, int64_t index, Block &block) {
  switch (type) {
    case 2: {  // Q4_0
      const uint8_t *bytes = row + index * 18;
      block.scale = half(bytes);
      block.offset = times(block.scale, -8);
      nibbles(bytes + 2, block.whole);
      return true;
    }
    case 3: {  // Q4_1
      const uint8_t *bytes = row + index * 20;
      block.scale = half(bytes);
      block.offset = half(bytes + 2);
      nibbles(bytes + 4, block.whole);
      return true;
    }
    case 6: {  // Q5_0
      const uint8_t *bytes = row + index * 22;
      block.scale = half(bytes);
      block.offset = times(block.scale, -16);
      nibbles(bytes + 6, block.whole);
      fifthBits(bytes + 2, block.whole);
      return true;
    }
    case 7: {  // Q5_1
      const uint8_t *bytes = row + index * 24;
      block.scale = half(bytes);
      block.offset = half(bytes + 2);
      nibbles(bytes + 8, block.whole);
      fifthBits(bytes + 4, block.whole);
      return true;
    }
    case 8: {  // Q8_0
      const uint8_t *bytes = row + index * 34;
      block.scale = half(bytes);
      block.offset = times(block.scale, -128);
      for (int k = 0; k < 32; k++) block.whole[k] = static_cast<uint8_t>(static_cast<int8_t>(bytes[2 + k]) + 128);
      return true;
    }
    case 12: case 13: {  // Q4_K, Q5_K
      const bool five = type == 13;
      const uint8_t *bytes = row + index / 8 * (five ? 176 : 144);
      const int part = static_cast<int>(index % 8);
      uint8_t scale, offset;
      partScale(bytes + 4, part, scale, offset);
      block.scale = times(half(bytes), scale);
      block.offset = times(half(bytes + 2), -static_cast<float>(offset));
      const uint8_t *low = bytes + (five ? 48 : 16) + part / 2 * 32;
      for (int k = 0; k < 32; k++) block.whole[k] = part % 2 ? low[k] >> 4 : low[k] & 15;
      if (five) {
        for (int k = 0; k < 32; k++) block.whole[k] |= static_cast<uint8_t>((bytes[16 + k] >> part & 1) << 4);
      }
      return true;
    }
    case 20: {  // IQ4_NL
      const uint8_t *bytes = row + index * 18;
      block.scale = half(bytes);
      block.offset = times(block.scale, -128);
      codes(bytes + 2, block.whole);
      return true;
    }
    case 23: {  // IQ4_XS
      const uint8_t *bytes = row + index / 8 * 136;
      const int part = static_cast<int>(index % 8);
      const int low = bytes[4 + part / 2] >> 4 * (part % 2) & 15, high = (bytes[2 + part / 4] >> 2 * (part % 4)) & 3;
      block.scale = times(half(bytes), static_cast<float>((low | high << 4) - 32));
      block.offset = times(block.scale, -128);
      codes(bytes + 8 + part * 16, block.whole);
      return true;
    }
    default: return false;
  }
}

}  // namespace cg
