// The kernels for AVX-512 with its dot products of bytes.
#include "kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang fp contract(off)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c"))), apply_to = function)
#define CG_FUSED 1

namespace cg::avx512 {

#include "lanes.h"

// Adds the products of four bytes of each lane with the same four of the row.
CG_INLINE I16 dot4(I16 total, I16 whole, const int8_t *bytes) {
  int32_t four;
  std::memcpy(&four, bytes, 4);
  return reinterpret_cast<I16>(_mm512_dpbusd_epi32(
      reinterpret_cast<__m512i>(total), reinterpret_cast<__m512i>(whole), _mm512_set1_epi32(four)));
}

#include "products.h"

#include "attention.h"

#include "scores.h"

}  // namespace cg::avx512

namespace cg {
#pragma clang attribute pop
const Kernels avx512Kernels = {
    "avx512-vnni", avx512::normalize, avx512::centre, avx512::round, avx512::product, avx512::keep, avx512::keepSource,
    avx512::attend, avx512::scoreMaximum, avx512::scoreSum, avx512::scoreScale, avx512::scoreNucleus};
}  // namespace cg
#endif
