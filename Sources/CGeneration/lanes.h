// Sixteen numbers at a time. Included inside the namespace of one instruction set, which defines CG_FUSED and dot4 beforehand.
//
// What is fused and what is not is written out, so that a number does not depend on what surrounds its computation.

// All that takes or gives such a register is inlined: no call depends on how one is passed.
#pragma clang diagnostic ignored "-Wpsabi"

typedef float F16 __attribute__((vector_size(64)));
typedef int32_t I16 __attribute__((vector_size(64)));
typedef uint32_t U16 __attribute__((vector_size(64)));
typedef float LooseF16 __attribute__((vector_size(64), aligned(4)));
typedef _Float16 Half16 __attribute__((vector_size(32), aligned(2)));
typedef uint16_t Short16 __attribute__((vector_size(32), aligned(2)));

#define CG_INLINE __attribute__((always_inline)) static inline

CG_INLINE F16 splat(float value) { return value - F16{}; }
CG_INLINE F16 load(const float *from) { return *reinterpret_cast<const LooseF16 *>(from); }
CG_INLINE F16 load(const _Float16 *from) { return __builtin_convertvector(*reinterpret_cast<const Half16 *>(from), F16); }
CG_INLINE F16 loadBFloat16(const uint16_t *from) {
  return reinterpret_cast<F16>(__builtin_convertvector(*reinterpret_cast<const Short16 *>(from), U16) << 16);
}
CG_INLINE void store(float *to, F16 value) { *reinterpret_cast<LooseF16 *>(to) = value; }
CG_INLINE void store(_Float16 *to, F16 value) { *reinterpret_cast<Half16 *>(to) = __builtin_convertvector(value, Half16); }

CG_INLINE F16 fused(F16 a, F16 b, F16 c) {
#if CG_FUSED
  return __builtin_elementwise_fma(a, b, c);
#else
  return a * b + c;
#endif
}
CG_INLINE F16 larger(F16 a, F16 b) { return a > b ? a : b; }
CG_INLINE F16 smaller(F16 a, F16 b) { return a < b ? a : b; }

// Pairs of halves: the same order always.
CG_INLINE float sum(F16 v) {
  float part[16];
  store(part, v);
  for (int step = 8; step > 0; step /= 2)
    for (int i = 0; i < step; i++) part[i] += part[i + step];
  return part[0];
}
CG_INLINE float largest(F16 v) {
  float part[16];
  store(part, v);
  float best = part[0];
  for (int i = 1; i < 16; i++) best = part[i] > best ? part[i] : best;
  return best;
}

// Cephes' single precision exp: off by at most two units of the last place.
CG_INLINE F16 exponential(F16 x) {
  x = larger(smaller(x, splat(88.0f)), splat(-87.0f));
  const F16 n = __builtin_elementwise_roundeven(x * splat(1.44269504088896341f));
  F16 r = fused(n, splat(-0.693359375f), x);
  r = fused(n, splat(2.12194440e-4f), r);
  F16 p = splat(1.9875691500e-4f);
  p = fused(p, r, splat(1.3981999507e-3f));
  p = fused(p, r, splat(8.3334519073e-3f));
  p = fused(p, r, splat(4.1665795894e-2f));
  p = fused(p, r, splat(1.6666665459e-1f));
  p = fused(p, r, splat(5.0000001201e-1f));
  p = fused(p, r * r, r) + splat(1.0f);
  const I16 power = (__builtin_convertvector(n, I16) + 127) << 23;
  return p * reinterpret_cast<F16>(power);
}

CG_INLINE F16 activated(F16 x, int32_t activation) {
  switch (activation) {
    case CG_RELU: return larger(x, F16{});
    case CG_GELU_TANH: {
      // x / 2 * (1 + tanh(u)) is x / (1 + exp(-2 u)).
      const F16 u = splat(0.7978845608028654f) * (x + splat(0.044715f) * x * x * x);
      return x / (splat(1.0f) + exponential(splat(-2.0f) * u));
    }
    case CG_GELU: {
      float part[16];
      store(part, x);
      for (int i = 0; i < 16; i++) part[i] = 0.5f * part[i] * (1.0f + std::erf(part[i] * 0.70710678118654752f));
      return load(part);
    }
    default: return x / (splat(1.0f) + exponential(-x));
  }
}
