#include "cimage.h"
#include "simd.h"

#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

// Normal numbers by the ziggurat of Marsaglia and Tsang (2000), 128 layers. The tables are small enough to be made for every call.
typedef struct {
  uint32_t bound[128];
  double width[128], height[128];
} ziggurat;

#define TAIL 3.442619855899

static void prepare(ziggurat *z) {
  double d = TAIL, last = TAIL, area = 9.91256303526217e-3;
  double q = area / exp(-0.5 * d * d);
  z->bound[0] = (uint32_t)(d / q * 2147483648.0);
  z->bound[1] = 0;
  z->width[0] = q / 2147483648.0;
  z->width[127] = d / 2147483648.0;
  z->height[0] = 1.0;
  z->height[127] = exp(-0.5 * d * d);
  for (int i = 126; i >= 1; i--) {
    d = sqrt(-2.0 * log(area / d + exp(-0.5 * d * d)));
    z->bound[i + 1] = (uint32_t)(d / last * 2147483648.0);
    last = d;
    z->height[i] = exp(-0.5 * d * d);
    z->width[i] = d / 2147483648.0;
  }
}

static double uniform(uint64_t *state) { return ((double)(cimage_draw(state) >> 11) + 0.5) * 0x1p-53; }

static double normal(const ziggurat *z, uint64_t *state) {
  for (;;) {
    uint64_t bits = cimage_draw(state);
    int layer = (int)(bits & 127);
    int32_t place = (int32_t)(bits >> 32);
    double x = place * z->width[layer];
    if ((uint32_t)(place < 0 ? -(int64_t)place : place) < z->bound[layer]) return x;
    if (layer == 0) {
      double a, b;
      do {
        a = -log(uniform(state)) / TAIL;
        b = -log(uniform(state));
      } while (b + b < a * a);
      return place > 0 ? TAIL + a : -TAIL - a;
    }
    if (z->height[layer] + uniform(state) * (z->height[layer - 1] - z->height[layer]) < exp(-0.5 * x * x)) return x;
  }
}

// The nearest level.
static uint8_t clip(double value) { return value >= 254.5 ? 255 : value > 0 ? (uint8_t)(value + 0.5) : 0; }

void cimage_gaussian_noise8(const uint8_t *in, size_t count, int channels, double mean, double sigma, uint64_t seed, uint8_t *out) {
  ziggurat z;
  prepare(&z);
  int colours = cimage_colours(channels);
  for (size_t i = 0; i < count; i++, in += channels, out += channels) {
    for (int c = 0; c < colours; c++) out[c] = clip(in[c] + mean + sigma * normal(&z, &seed));
    if (colours != channels) out[colours] = in[colours];
  }
}

void cimage_salt_and_pepper8(const uint8_t *in, size_t count, int channels, double amount, double salt, uint64_t seed, uint8_t *out) {
  int colours = cimage_colours(channels);
  uint32_t hit = (uint32_t)(amount * 4294967295.0), white = (uint32_t)(salt * 4294967295.0);
  memcpy(out, in, count * channels);
  for (size_t i = 0; i < count; i++, out += channels) {
    uint64_t bits = cimage_draw(&seed);
    if ((uint32_t)bits < hit) memset(out, (uint32_t)(bits >> 32) < white ? 255 : 0, colours);
  }
}

// Multiplication for small means, transformed rejection (Hörmann 1993, PTRS) for others; both exact.
static double poisson(double mean, uint64_t *state) {
  if (mean <= 0) return 0;
  if (mean < 10) {
    double limit = exp(-mean), product = uniform(state);
    int events = 0;
    while (product > limit) {
      product *= uniform(state);
      events++;
    }
    return events;
  }
  double root = sqrt(mean), logMean = log(mean), b = 0.931 + 2.53 * root, a = -0.059 + 0.02483 * b;
  double inverse = 1.1239 + 1.1328 / (b - 3.4), accept = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    double u = uniform(state) - 0.5, v = uniform(state), us = 0.5 - fabs(u);
    double k = floor((2 * a / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= accept) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (log(v) + log(inverse) - log(a / (us * us) + b) <= -mean + k * logMean - lgamma(k + 1)) return k;
  }
}

void cimage_poisson_noise8(const uint8_t *in, size_t count, int channels, double photons, uint64_t seed, uint8_t *out) {
  int colours = cimage_colours(channels);
  for (size_t i = 0; i < count; i++, in += channels, out += channels) {
    for (int c = 0; c < colours; c++) out[c] = clip(poisson(in[c] * photons / 255, &seed) * 255 / photons);
    if (colours != channels) out[colours] = in[colours];
  }
}

CIMAGE_WIDE void cimage_uniform_plane(float *plane, size_t count, uint64_t seed) {
  for (size_t i = 0; i < count; i++) plane[i] = (float)(int32_t)(cimage_draw(&seed) >> 40) * 0x1p-23f - 1.0f;
}

void cimage_random_bytes(uint8_t *bytes, size_t count, uint64_t seed) {
  for (size_t i = 0; i < count; i += 8) {
    uint64_t bits = cimage_draw(&seed);
    for (size_t j = i; j < count && j < i + 8; j++, bits >>= 8) bytes[j] = (uint8_t)bits;
  }
}
