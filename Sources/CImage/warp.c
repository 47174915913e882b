#include "cimage.h"

#include <math.h>

static inline int inside(int value, int size) { return value < 0 ? 0 : value >= size ? size - 1 : value; }

// Target pixel centres are mapped into the source; up to half a pixel beyond the outermost centres the edge pixel is repeated, farther
// out is fill.
#define WARP(NAME, T)                                                                                                         \
  void NAME(                                                                                                                  \
    const T *in, int width, int height, int channels, const double *m, T fill, int out_width, int out_height, T *out) {       \
    for (int y = 0; y < out_height; y++)                                                                                      \
      for (int x = 0; x < out_width; x++, out += channels) {                                                                  \
        double sx = m[0] * (x + 0.5) + m[1] * (y + 0.5) + m[2], sy = m[3] * (x + 0.5) + m[4] * (y + 0.5) + m[5];              \
        if (!(sx >= 0 && sx < width && sy >= 0 && sy < height)) {                                                             \
          for (int c = 0; c < channels; c++) out[c] = fill;                                                                   \
          continue;                                                                                                           \
        }                                                                                                                     \
        sx -= 0.5, sy -= 0.5;                                                                                                 \
        double fx = floor(sx), fy = floor(sy), dx = sx - fx, dy = sy - fy;                                                    \
        int x0 = inside((int)fx, width), x1 = inside((int)fx + 1, width);                                                     \
        int y0 = inside((int)fy, height), y1 = inside((int)fy + 1, height);                                                   \
        const T *top = in + (size_t)y0 * width * channels, *bottom = in + (size_t)y1 * width * channels;                      \
        for (int c = 0; c < channels; c++) {                                                                                  \
          double a = top[x0 * channels + c] + (top[x1 * channels + c] - (double)top[x0 * channels + c]) * dx;                 \
          double b = bottom[x0 * channels + c] + (bottom[x1 * channels + c] - (double)bottom[x0 * channels + c]) * dx;        \
          out[c] = (T)(a + (b - a) * dy + 0.5);                                                                               \
        }                                                                                                                     \
      }                                                                                                                       \
  }

WARP(cimage_warp8, uint8_t)
WARP(cimage_warp16, uint16_t)
