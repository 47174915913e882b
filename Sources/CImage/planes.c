#include "cimage.h"
#include "simd.h"

#include <string.h>

#pragma STDC FP_CONTRACT OFF

// Whole lines of one channel are computed: wide units do that faster than they look up. The numbers are the table's, bit for bit.
CIMAGE_INLINE void line_float8(const uint8_t *in, size_t count, float scale, float offset, float *out) {
  for (size_t i = 0; i < count; i++) out[i] = (float)in[i] * scale + offset;
}

CIMAGE_WIDE void cimage_to_planes_float8(const uint8_t *in, size_t count, int channels, const float *table, const float *scales, float *out) {
  if (channels == 1 && scales) {
    line_float8(in, count, scales[0], table[0], out);
  } else if (channels == 3) {
    float *red = out, *green = out + count, *blue = out + 2 * count;
    const float *t0 = table, *t1 = table + 256, *t2 = table + 512;
    for (size_t i = 0; i < count; i++, in += 3) {
      red[i] = t0[in[0]];
      green[i] = t1[in[1]];
      blue[i] = t2[in[2]];
    }
  } else {
    for (int c = 0; c < channels; c++)
      for (size_t i = 0; i < count; i++) out[c * count + i] = table[c * 256 + in[i * channels + c]];
  }
}

void cimage_to_planes_float16(const uint16_t *in, size_t count, int channels, const float *mean, const float *std, float *out) {
  for (int c = 0; c < channels; c++) {
    float *plane = out + c * count;
    for (size_t i = 0; i < count; i++) plane[i] = ((float)in[i * channels + c] / 65535.0f - mean[c]) / std[c];
  }
}

void cimage_to_planes8(const uint8_t *in, size_t count, int channels, uint8_t *out) {
  for (int c = 0; c < channels; c++)
    for (size_t i = 0; i < count; i++) out[c * count + i] = in[i * channels + c];
}

void cimage_from_planes8(const uint8_t *in, size_t count, int channels, uint8_t *out) {
  for (int c = 0; c < channels; c++)
    for (size_t i = 0; i < count; i++) out[i * channels + c] = in[c * count + i];
}

void cimage_from_planes_float(const float *in, size_t count, int channels, uint8_t *out) {
  for (int c = 0; c < channels; c++)
    for (size_t i = 0; i < count; i++) {
      float value = in[c * count + i] * 255.0f + 0.5f;
      // Written so that NaN fails the first comparison.
      out[i * channels + c] = value >= 255.0f ? 255 : value > 0.0f ? (uint8_t)value : 0;
    }
}

CIMAGE_WIDE void cimage_place8(
  const uint8_t *in, int width, int height, int channels, cimage_axis x, cimage_axis y, uint8_t fill, const float *table,
  const float *scales, float *out) {
  (void)height;
  size_t plane = (size_t)x.size * y.size;
  for (int c = 0; c < channels; c++) {
    const float *values = table + 256 * c;
    float empty = values[fill];
    float *row = out + c * plane;
    for (int32_t ty = 0; ty < y.size; ty++, row += x.size) {
      if (ty < y.low || ty >= y.high) {
        for (int32_t tx = 0; tx < x.size; tx++) row[tx] = empty;
        continue;
      }
      const uint8_t *line = in + (size_t)(y.offset + y.step * ty) * width * channels + c;
      for (int32_t tx = 0; tx < x.low; tx++) row[tx] = empty;
      const uint8_t *from = line + ((ptrdiff_t)x.offset + (ptrdiff_t)x.step * x.low) * channels;
      ptrdiff_t stride = (ptrdiff_t)x.step * channels;
      if (stride == 1)
        line_float8(from, (size_t)(x.high - x.low), scales[c], values[0], row + x.low);
      else
        for (int32_t tx = x.low; tx < x.high; tx++, from += stride) row[tx] = values[*from];
      for (int32_t tx = x.high; tx < x.size; tx++) row[tx] = empty;
    }
  }
}
