// Small products of matrices, many numbers at a time: as wide as the machine allows, chosen when the program starts.
#pragma once

#include <cstdint>

#if defined(__x86_64__) && __has_attribute(target_clones)
// Wide registers exist in some machines only.
#define CL_WIDE __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define CL_WIDE
#endif
#define CL_INLINE __attribute__((always_inline)) inline

namespace lanes {

template <class Number>
struct Lanes;
template <>
struct Lanes<float> {
  typedef float Many __attribute__((vector_size(64), aligned(4)));
  typedef int32_t Mask __attribute__((vector_size(64)));
  static constexpr int count = 16;
};
template <>
struct Lanes<double> {
  typedef double Many __attribute__((vector_size(64), aligned(8)));
  static constexpr int count = 8;
};

// Rows of the left side that a tile takes at most: what fits into the registers of AVX2.
constexpr int tall = 6;

// sums[i] += the sum over k of left[k][i] * right[k][all lanes], for i below N.
template <class Number, int N>
CL_INLINE void tile(const Number *left, int64_t leftStride, const Number *right, int64_t rightStride, int64_t count,
                    typename Lanes<Number>::Many *sums) {
  using Many = typename Lanes<Number>::Many;
  Many own[N];
  for (int i = 0; i < N; i++) own[i] = sums[i];
  for (int64_t k = 0; k < count; k++) {
    const Many row = *reinterpret_cast<const Many *>(right + k * rightStride);
    for (int i = 0; i < N; i++) own[i] += row * left[k * leftStride + i];
  }
  for (int i = 0; i < N; i++) sums[i] = own[i];
}

// The same for a number of rows from 1 to `tall`.
template <class Number>
CL_INLINE void tile(int rows, const Number *left, int64_t leftStride, const Number *right, int64_t rightStride, int64_t count,
                    typename Lanes<Number>::Many *sums) {
  switch (rows) {
    case 1: return tile<Number, 1>(left, leftStride, right, rightStride, count, sums);
    case 2: return tile<Number, 2>(left, leftStride, right, rightStride, count, sums);
    case 3: return tile<Number, 3>(left, leftStride, right, rightStride, count, sums);
    case 4: return tile<Number, 4>(left, leftStride, right, rightStride, count, sums);
    case 5: return tile<Number, 5>(left, leftStride, right, rightStride, count, sums);
    default: return tile<Number, 6>(left, leftStride, right, rightStride, count, sums);
  }
}

}  // namespace lanes
