#include "cimage.h"
#include "simd.h"

#include <stdlib.h>

#pragma STDC FP_CONTRACT OFF

// One row after a kernel: `padded` holds `length` values with the kernel's reach on both sides.
CIMAGE_INLINE void across(const float *padded, size_t length, size_t step, const float *kernel, int taps, float *out) {
  for (size_t i = 0; i < length; i++) out[i] = kernel[0] * padded[i];
  for (int t = 1; t < taps; t++) {
    const float *from = padded + t * step;
    float weight = kernel[t];
    for (size_t i = 0; i < length; i++) out[i] += weight * from[i];
  }
}

CIMAGE_INLINE void down(
  const float *rows, size_t length, int y, int height, const float *kernel, int taps, float *out) {
  int reach = taps / 2;
  for (int t = 0; t < taps; t++) {
    const float *from = rows + (size_t)cimage_mirrored(y + t - reach, height) * length;
    float weight = kernel[t];
    if (t == 0)
      for (size_t i = 0; i < length; i++) out[i] = weight * from[i];
    else
      for (size_t i = 0; i < length; i++) out[i] += weight * from[i];
  }
}

CIMAGE_WIDE cimage_status cimage_blur8(
  const uint8_t *in, int width, int height, int channels, const float *kernel, int taps, uint8_t *out) {
  size_t length = (size_t)width * channels, reach = (size_t)(taps / 2) * channels;
  float *rows = malloc(sizeof(float) * length * height), *padded = malloc(sizeof(float) * (length + 2 * reach));
  if (!rows || !padded) {
    free(rows), free(padded);
    return CIMAGE_MEMORY;
  }
  for (int y = 0; y < height; y++) {
    const uint8_t *line = in + y * length;
    for (int x = -(taps / 2); x < 0; x++)
      for (int c = 0; c < channels; c++) {
        padded[reach + x * channels + c] = line[cimage_mirrored(x, width) * channels + c];
        padded[reach + (width - 1 - x) * channels + c] = line[cimage_mirrored(width - 1 - x, width) * channels + c];
      }
    for (size_t i = 0; i < length; i++) padded[reach + i] = line[i];
    across(padded, length, channels, kernel, taps, rows + y * length);
  }
  for (int y = 0; y < height; y++) {
    down(rows, length, y, height, kernel, taps, padded);
    for (size_t i = 0; i < length; i++) out[y * length + i] = (uint8_t)(int32_t)(padded[i] + 0.5f);
  }
  free(rows), free(padded);
  return CIMAGE_OK;
}

CIMAGE_WIDE cimage_status cimage_blur_plane(float *plane, int width, int height, const float *kernel, int taps) {
  size_t length = width, reach = taps / 2;
  float *rows = malloc(sizeof(float) * length * height), *padded = malloc(sizeof(float) * (length + 2 * reach));
  if (!rows || !padded) {
    free(rows), free(padded);
    return CIMAGE_MEMORY;
  }
  for (int y = 0; y < height; y++) {
    const float *line = plane + y * length;
    for (int x = -(int)reach; x < width + (int)reach; x++) padded[x + (int)reach] = line[cimage_mirrored(x, width)];
    across(padded, length, 1, kernel, taps, rows + y * length);
  }
  for (int y = 0; y < height; y++) down(rows, length, y, height, kernel, taps, plane + y * length);
  free(rows), free(padded);
  return CIMAGE_OK;
}
