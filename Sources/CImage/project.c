#include "cimage.h"
#include "simd.h"

#include <math.h>

#pragma STDC FP_CONTRACT OFF

// Target pixels whose source positions are computed at a time.
#define CHUNK 256

CIMAGE_INLINE uint8_t blend8(const uint8_t *v00, const uint8_t *v01, const uint8_t *v10, const uint8_t *v11, int c, int32_t u, int32_t v) {
  // Fractions of 11 bits: two of them and a sample fit 31.
  uint32_t top = v00[c] * (uint32_t)(2048 - u) + v01[c] * (uint32_t)u, bottom = v10[c] * (uint32_t)(2048 - u) + v11[c] * (uint32_t)u;
  return (uint8_t)((top * (uint32_t)(2048 - v) + bottom * (uint32_t)v + (1u << 21)) >> 22);
}

CIMAGE_INLINE uint16_t blend16(
  const uint16_t *v00, const uint16_t *v01, const uint16_t *v10, const uint16_t *v11, int c, int32_t u, int32_t v) {
  uint64_t top = v00[c] * (uint64_t)(2048 - u) + v01[c] * (uint64_t)u, bottom = v10[c] * (uint64_t)(2048 - u) + v11[c] * (uint64_t)u;
  return (uint16_t)((top * (uint64_t)(2048 - v) + bottom * (uint64_t)v + (1u << 21)) >> 22);
}

// Samples at positions counted from the centre of the first pixel. Neighbours outside the picture are fill.
#define SAMPLE(BITS, T)                                                                                                       \
  CIMAGE_INLINE void sample##BITS##_n(                                                                                        \
    const T *in, int width, int height, const int channels, int bilinear, const T *fill, const double *xs, const double *ys,  \
    int count, T *out) {                                                                                                      \
    size_t row = (size_t)width * channels;                                                                                    \
    for (int i = 0; i < count; i++, out += channels) {                                                                        \
      double x = xs[i], y = ys[i];                                                                                            \
      const T *v00 = fill, *v01 = fill, *v10 = fill, *v11 = fill;                                                             \
      /* Written so that a position that is no number is outside. */                                                          \
      if (!(x > -1 && x < width && y > -1 && y < height)) {                                                                   \
        for (int c = 0; c < channels; c++) out[c] = fill[c];                                                                  \
        continue;                                                                                                             \
      }                                                                                                                       \
      if (!bilinear) {                                                                                                        \
        int left = (int)lrint(x), top = (int)lrint(y);                                                                        \
        if (left >= 0 && left < width && top >= 0 && top < height) v00 = in + top * row + (size_t)left * channels;            \
        for (int c = 0; c < channels; c++) out[c] = v00[c];                                                                   \
        continue;                                                                                                             \
      }                                                                                                                       \
      int left = (int)(x + 1) - 1, top = (int)(y + 1) - 1;                                                                    \
      int32_t u = (int32_t)((x - left) * 2048 + 0.5), v = (int32_t)((y - top) * 2048 + 0.5);                                  \
      const T *at = in + (ptrdiff_t)top * (ptrdiff_t)row + (ptrdiff_t)left * channels;                                        \
      if (left >= 0 && left < width - 1 && top >= 0 && top < height - 1) {                                                    \
        v00 = at, v01 = at + channels, v10 = at + row, v11 = at + row + channels;                                             \
      } else {                                                                                                                \
        if (left >= 0 && top >= 0) v00 = at;                                                                                  \
        if (left < width - 1 && top >= 0) v01 = at + channels;                                                                \
        if (left >= 0 && top < height - 1) v10 = at + row;                                                                    \
        if (left < width - 1 && top < height - 1) v11 = at + row + channels;                                                  \
      }                                                                                                                       \
      for (int c = 0; c < channels; c++) out[c] = blend##BITS(v00, v01, v10, v11, c, u, v);                                   \
    }                                                                                                                         \
  }                                                                                                                           \
  static void sample##BITS(                                                                                                   \
    const T *in, int width, int height, int channels, int bilinear, const T *fill, const double *xs, const double *ys,        \
    int count, T *out) {                                                                                                      \
    switch (channels) {                                                                                                       \
      case 1: sample##BITS##_n(in, width, height, 1, bilinear, fill, xs, ys, count, out); break;                              \
      case 2: sample##BITS##_n(in, width, height, 2, bilinear, fill, xs, ys, count, out); break;                              \
      case 3: sample##BITS##_n(in, width, height, 3, bilinear, fill, xs, ys, count, out); break;                              \
      default: sample##BITS##_n(in, width, height, 4, bilinear, fill, xs, ys, count, out); break;                             \
    }                                                                                                                         \
  }                                                                                                                           \
  void cimage_project##BITS(                                                                                                  \
    const T *in, int width, int height, int channels, const double *m, int bilinear, const T *fill, int out_width,            \
    int out_height, T *out) {                                                                                                 \
    double xs[CHUNK], ys[CHUNK];                                                                                              \
    for (int y = 0; y < out_height; y++)                                                                                      \
      for (int start = 0; start < out_width; start += CHUNK) {                                                                \
        int count = out_width - start < CHUNK ? out_width - start : CHUNK;                                                    \
        project_line(m, start, y, count, xs, ys);                                                                             \
        sample##BITS(in, width, height, channels, bilinear, fill, xs, ys, count, out);                                        \
        out += (size_t)count * channels;                                                                                      \
      }                                                                                                                       \
  }                                                                                                                           \
  void cimage_displace##BITS(                                                                                                 \
    const T *in, int width, int height, int channels, const float *dx, const float *dy, int bilinear, const T *fill,          \
    T *out) {                                                                                                                 \
    double xs[CHUNK], ys[CHUNK];                                                                                              \
    for (int y = 0; y < height; y++)                                                                                          \
      for (int start = 0; start < width; start += CHUNK) {                                                                    \
        int count = width - start < CHUNK ? width - start : CHUNK;                                                            \
        for (int i = 0; i < count; i++) xs[i] = start + i + (double)dx[i], ys[i] = y + (double)dy[i];                         \
        sample##BITS(in, width, height, channels, bilinear, fill, xs, ys, count, out);                                        \
        out += (size_t)count * channels;                                                                                      \
        dx += count;                                                                                                          \
        dy += count;                                                                                                          \
      }                                                                                                                       \
  }

// Positions in the source of a piece of a target line, both counted from the centre of the first pixel.
static void project_line(const double *m, int start, int y, int count, double *xs, double *ys) {
  double fromX = m[1] * (y + 0.5) + m[2], fromY = m[4] * (y + 0.5) + m[5], fromZ = m[7] * (y + 0.5) + m[8];
  if (m[6] == 0 && fromZ == 1) {
    for (int i = 0; i < count; i++) {
      double x = start + i + 0.5;
      xs[i] = m[0] * x + fromX - 0.5;
      ys[i] = m[3] * x + fromY - 0.5;
    }
  } else {
    for (int i = 0; i < count; i++) {
      double x = start + i + 0.5, z = m[6] * x + fromZ;
      xs[i] = (m[0] * x + fromX) / z - 0.5;
      ys[i] = (m[3] * x + fromY) / z - 0.5;
    }
  }
}

SAMPLE(8, uint8_t)
SAMPLE(16, uint16_t)
