// The kernels for AVX2.
#include "kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang fp contract(off)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define CG_FUSED 1

namespace cg::avx2 {

#include "lanes.h"

// Adds the products of four bytes of each lane with the same four of the row.
//
// The machine multiplies bytes without a sign with bytes that have one and adds two products in 16 bits, which 255 * 127 * 2 would not fit.
// So 128 is taken from the first ones, their sign is given to the others, and 128 times the row's four is added again.
CG_INLINE I16 dot4(I16 total, I16 whole, const int8_t *bytes) {
  struct Halves {
    __m256i low, high;
  };
  int32_t four;
  std::memcpy(&four, bytes, 4);
  const __m256i row = _mm256_set1_epi32(four), sign = _mm256_set1_epi8(static_cast<char>(0x80)), ones = _mm256_set1_epi16(1);
  auto products = [&](__m256i own) {
    own = _mm256_xor_si256(own, sign);
    return _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_abs_epi8(own), _mm256_sign_epi8(row, own)), ones);
  };
  const Halves halves = __builtin_bit_cast(Halves, whole);
  const Halves result = {products(halves.low), products(halves.high)};
  return total + __builtin_bit_cast(I16, result) + 128 * (bytes[0] + bytes[1] + bytes[2] + bytes[3]);
}

#include "products.h"

#include "attention.h"

#include "scores.h"

}  // namespace cg::avx2

namespace cg {
#pragma clang attribute pop
const Kernels avx2Kernels = {
    "avx2", avx2::normalize, avx2::centre, avx2::round, avx2::product, avx2::keep, avx2::keepSource,
    avx2::attend, avx2::scoreMaximum, avx2::scoreSum, avx2::scoreScale, avx2::scoreNucleus};
}  // namespace cg
#endif
