// The kernels for AVX2.
#include "kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#if defined(__x86_64__)

#pragma clang fp contract(off)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define CG_FUSED 1

namespace cg::avx2 {

#include "lanes.h"

// Adds the products of four bytes of each lane with the same four of the row.
CG_INLINE I16 dot4(I16 total, I16 whole, const int8_t *bytes) {
  for (int t = 0; t < 4; t++) total += ((whole >> 8 * t) & 255) * static_cast<int32_t>(bytes[t]);
  return total;
}

#include "products.h"

#include "attention.h"

}  // namespace cg::avx2

namespace cg {
#pragma clang attribute pop
const Kernels avx2Kernels = {"avx2", avx2::normalize, avx2::round, avx2::product, avx2::keep, avx2::attend};
}  // namespace cg
#endif
