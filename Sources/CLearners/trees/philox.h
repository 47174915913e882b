// The counter-based generator of MartletCore's KeyedRandom (Philox 4x32-10), for what is random inside a tree.
#pragma once

#include <cstdint>

namespace trees {

class Philox {
 public:
  Philox(uint64_t key, uint64_t index) : key_{uint32_t(key), uint32_t(key >> 32)}, index_(index) {}

  uint64_t next() {
    if (buffered_) {
      buffered_ = false;
      return buffer_;
    }
    uint32_t c0 = uint32_t(block_), c1 = uint32_t(block_ >> 32), c2 = uint32_t(index_), c3 = uint32_t(index_ >> 32);
    uint32_t k0 = key_[0], k1 = key_[1];
    for (int round = 0; round < 10; round++) {
      const uint64_t p0 = uint64_t(0xD2511F53) * c0, p1 = uint64_t(0xCD9E8D57) * c2;
      const uint32_t n0 = uint32_t(p1 >> 32) ^ c1 ^ k0, n2 = uint32_t(p0 >> 32) ^ c3 ^ k1;
      c0 = n0;
      c1 = uint32_t(p1);
      c2 = n2;
      c3 = uint32_t(p0);
      k0 += 0x9E3779B9;
      k1 += 0xBB67AE85;
    }
    block_++;
    buffer_ = uint64_t(c2) | uint64_t(c3) << 32;
    buffered_ = true;
    return uint64_t(c0) | uint64_t(c1) << 32;
  }

  // Uniform in [0, 1) with 53 random bits.
  double uniform() { return double(next() >> 11) * 0x1p-53; }

  // Uniform in 0 ..< bound, by the high half of a product (bias below 2^-32 for the bounds that trees use).
  uint32_t below(uint32_t bound) { return uint32_t((uint64_t(uint32_t(next() >> 32)) * bound) >> 32); }

 private:
  uint32_t key_[2];
  uint64_t index_, block_ = 0, buffer_ = 0;
  bool buffered_ = false;
};

}  // namespace trees
