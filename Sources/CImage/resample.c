// Separable antialiased resampling: each target pixel is a weighted mean of the source pixels under the filter, which widens when the
// picture shrinks. 8-bit pictures use fixed-point weights with 22 fractional bits, rounded between the two passes, as Pillow does, so
// that models trained behind either library see the same pixels.
#include "cimage.h"
#include "simd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PRECISION 22

typedef struct {
  int length;      // weights kept for each target position
  int *first;      // first source position of each target position
  int *count;      // how many of the weights are used
  double *weights; // length × targets
} plan;

static double box(double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }
static double triangle(double x) {
  x = fabs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}
// Keys' cubic with a = -0.5.
static double cubic(double x) {
  x = fabs(x);
  if (x < 1.0) return (1.5 * x - 2.5) * x * x + 1.0;
  return x < 2.0 ? ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0 : 0.0;
}

static void discard(plan *p) {
  free(p->first);
  free(p->count);
  free(p->weights);
}

static int prepare(plan *p, int in, int out, cimage_filter filter) {
  double (*function)(double) = filter == CIMAGE_BOX ? box : filter == CIMAGE_BILINEAR ? triangle : cubic;
  double support = filter == CIMAGE_BOX ? 0.5 : filter == CIMAGE_BILINEAR ? 1.0 : 2.0;
  double scale = (double)in / out, widen = scale < 1.0 ? 1.0 : scale;
  support *= widen;
  p->length = (int)ceil(support) * 2 + 1;
  p->first = malloc(sizeof(int) * out);
  p->count = malloc(sizeof(int) * out);
  p->weights = calloc((size_t)out * p->length, sizeof(double));
  if (!p->first || !p->count || !p->weights) {
    discard(p);
    return 0;
  }
  for (int target = 0; target < out; target++) {
    double centre = (target + 0.5) * scale, total = 0.0;
    int first = (int)(centre - support + 0.5), last = (int)(centre + support + 0.5);
    if (first < 0) first = 0;
    if (last > in) last = in;
    double *weights = p->weights + (size_t)target * p->length;
    for (int i = 0; i < last - first; i++) {
      weights[i] = function((i + first - centre + 0.5) / widen);
      total += weights[i];
    }
    if (total != 0.0)
      for (int i = 0; i < last - first; i++) weights[i] /= total;
    p->first[target] = first;
    p->count[target] = last - first;
  }
  return 1;
}

static int32_t *fixed(const plan *p, int targets) {
  size_t total = (size_t)targets * p->length;
  int32_t *weights = malloc(total * sizeof(int32_t));
  if (weights)
    for (size_t i = 0; i < total; i++) weights[i] = (int32_t)(p->weights[i] * (1 << PRECISION) + (p->weights[i] < 0 ? -0.5 : 0.5));
  return weights;
}

static inline uint8_t clip8(int32_t sum) {
  int32_t value = sum >> PRECISION;
  return value < 0 ? 0 : value > 255 ? 255 : (uint8_t)value;
}

static inline uint16_t clip16(double value) { return value <= 0 ? 0 : value >= 65535 ? 65535 : (uint16_t)(value + 0.5); }

static inline __attribute__((always_inline)) void across8_n(
  const uint8_t *in, int width, int height, const int channels, const plan *p, const int32_t *weights, int out_width, uint8_t *out) {
  for (int y = 0; y < height; y++, in += (size_t)width * channels)
    for (int x = 0; x < out_width; x++, out += channels) {
      const uint8_t *from = in + (size_t)p->first[x] * channels;
      const int32_t *w = weights + (size_t)x * p->length;
      int32_t sum[4] = {1 << (PRECISION - 1), 1 << (PRECISION - 1), 1 << (PRECISION - 1), 1 << (PRECISION - 1)};
      for (int i = 0; i < p->count[x]; i++, from += channels)
        for (int c = 0; c < channels; c++) sum[c] += from[c] * w[i];
      for (int c = 0; c < channels; c++) out[c] = clip8(sum[c]);
    }
}

typedef uint8_t bytes4 __attribute__((vector_size(4)));
typedef int32_t sums4 __attribute__((vector_size(16)));

// A pixel of three or four channels in one register. Four bytes are read where a pixel has three: never from the last row.
CIMAGE_WIDE static void across8_wide(
  const uint8_t *in, int width, int height, int channels, const plan *p, const int32_t *weights, int out_width, uint8_t *out) {
  const sums4 half = {1 << (PRECISION - 1), 1 << (PRECISION - 1), 1 << (PRECISION - 1), 1 << (PRECISION - 1)};
  for (int y = 0; y < height; y++, in += (size_t)width * channels)
    for (int x = 0; x < out_width; x++, out += channels) {
      const uint8_t *from = in + (size_t)p->first[x] * channels;
      const int32_t *w = weights + (size_t)x * p->length;
      sums4 sum = half;
      for (int i = 0; i < p->count[x]; i++, from += channels) {
        bytes4 pixel;
        memcpy(&pixel, from, 4);
        sum += __builtin_convertvector(pixel, sums4) * w[i];
      }
      for (int c = 0; c < channels; c++) out[c] = clip8(sum[c]);
    }
}

static void across8(
  const uint8_t *in, int width, int height, int channels, const plan *p, const int32_t *weights, int out_width, uint8_t *out) {
  if (channels >= 3 && height > 1) {
    across8_wide(in, width, height - 1, channels, p, weights, out_width, out);
    in += (size_t)width * channels * (height - 1);
    out += (size_t)out_width * channels * (height - 1);
    height = 1;
  }
  switch (channels) {
    case 1: across8_n(in, width, height, 1, p, weights, out_width, out); break;
    case 2: across8_n(in, width, height, 2, p, weights, out_width, out); break;
    case 3: across8_n(in, width, height, 3, p, weights, out_width, out); break;
    default: across8_n(in, width, height, 4, p, weights, out_width, out); break;
  }
}

CIMAGE_WIDE static void down8(
  const uint8_t *in, size_t row, const plan *p, const int32_t *weights, int out_height, int32_t *sums, uint8_t *out) {
  for (int y = 0; y < out_height; y++, out += row) {
    const int32_t *w = weights + (size_t)y * p->length;
    for (size_t x = 0; x < row; x++) sums[x] = 1 << (PRECISION - 1);
    for (int i = 0; i < p->count[y]; i++) {
      const uint8_t *from = in + (size_t)(p->first[y] + i) * row;
      int32_t weight = w[i];
      for (size_t x = 0; x < row; x++) sums[x] += from[x] * weight;
    }
    for (size_t x = 0; x < row; x++) out[x] = clip8(sums[x]);
  }
}

cimage_status cimage_resample8(
  const uint8_t *in, int width, int height, int channels, cimage_filter filter, int out_width, int out_height, uint8_t *out) {
  plan horizontal = {0}, vertical = {0};
  size_t row = (size_t)out_width * channels;
  if (!prepare(&horizontal, width, out_width, filter)) return CIMAGE_MEMORY;
  if (!prepare(&vertical, height, out_height, filter)) {
    discard(&horizontal);
    return CIMAGE_MEMORY;
  }
  // When the height shrinks much more than the width, going down first leaves less to do. The rounding between the passes makes the order
  // visible, so the rule is Pillow 13's.
  int down_first = height > out_height && 2 * ((int64_t)width - out_width) * height < ((int64_t)height - out_height) * width;
  size_t source_row = (size_t)width * channels;
  int32_t *h = fixed(&horizontal, out_width), *v = fixed(&vertical, out_height);
  int32_t *sums = malloc((row > source_row ? row : source_row) * sizeof(int32_t));
  uint8_t *middle = malloc(down_first ? source_row * out_height : row * height);
  cimage_status status = h && v && sums && middle ? CIMAGE_OK : CIMAGE_MEMORY;
  if (status == CIMAGE_OK) {
    // A side that keeps its length is not filtered.
    if (down_first && width != out_width) {
      down8(in, source_row, &vertical, v, out_height, sums, middle);
      across8(middle, width, out_height, channels, &horizontal, h, out_width, out);
    } else if (width == out_width) {
      down8(in, row, &vertical, v, out_height, sums, out);
    } else {
      across8(in, width, height, channels, &horizontal, h, out_width, height == out_height ? out : middle);
      if (height != out_height) down8(middle, row, &vertical, v, out_height, sums, out);
    }
  }
  free(h), free(v), free(sums), free(middle);
  discard(&horizontal);
  discard(&vertical);
  return status;
}

cimage_status cimage_resample16(
  const uint16_t *in, int width, int height, int channels, cimage_filter filter, int out_width, int out_height, uint16_t *out) {
  plan horizontal = {0}, vertical = {0};
  size_t row = (size_t)out_width * channels;
  if (!prepare(&horizontal, width, out_width, filter)) return CIMAGE_MEMORY;
  if (!prepare(&vertical, height, out_height, filter)) {
    discard(&horizontal);
    return CIMAGE_MEMORY;
  }
  float *middle = malloc(row * height * sizeof(float));
  double *sums = malloc(row * sizeof(double));
  cimage_status status = middle && sums ? CIMAGE_OK : CIMAGE_MEMORY;
  if (status == CIMAGE_OK) {
    for (int y = 0; y < height; y++)
      for (int x = 0; x < out_width; x++)
        for (int c = 0; c < channels; c++) {
          const double *w = horizontal.weights + (size_t)x * horizontal.length;
          double sum = 0;
          if (width == out_width)
            sum = in[((size_t)y * width + x) * channels + c];
          else
            for (int i = 0; i < horizontal.count[x]; i++) sum += w[i] * in[((size_t)y * width + horizontal.first[x] + i) * channels + c];
          middle[y * row + (size_t)x * channels + c] = (float)sum;
        }
    for (int y = 0; y < out_height; y++) {
      const double *w = vertical.weights + (size_t)y * vertical.length;
      for (size_t x = 0; x < row; x++) sums[x] = height == out_height ? middle[y * row + x] : 0;
      for (int i = 0; height != out_height && i < vertical.count[y]; i++) {
        const float *from = middle + (size_t)(vertical.first[y] + i) * row;
        for (size_t x = 0; x < row; x++) sums[x] += w[i] * from[x];
      }
      for (size_t x = 0; x < row; x++) out[y * row + x] = clip16(sums[x]);
    }
  }
  free(middle), free(sums);
  discard(&horizontal);
  discard(&vertical);
  return status;
}
