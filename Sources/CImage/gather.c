#include "cimage.h"

#include <string.h>

// The pixel size is a constant inside, so that each copy becomes one or two moves.
static inline __attribute__((always_inline)) void gather(
  const uint8_t *in, size_t row_bytes, size_t pixel, const int32_t *columns, int out_width, const int32_t *rows, int out_height,
  int transposed, const uint8_t *fill, uint8_t *out) {
  for (int y = 0; y < out_height; y++)
    for (int x = 0; x < out_width; x++, out += pixel) {
      int32_t row = rows[transposed ? x : y], column = columns[transposed ? y : x];
      memcpy(out, row < 0 || column < 0 ? fill : in + (size_t)row * row_bytes + (size_t)column * pixel, pixel);
    }
}

void cimage_gather(
  const void *in, size_t row_bytes, size_t pixel_bytes, const int32_t *columns, int out_width, const int32_t *rows, int out_height,
  int transposed, const void *fill, void *out) {
#define CASE(N) \
  case N: gather(in, row_bytes, N, columns, out_width, rows, out_height, transposed, fill, out); break;
  switch (pixel_bytes) {
    CASE(1)
    CASE(2)
    CASE(3)
    CASE(4)
    CASE(6)
    CASE(8)
    default: break;
  }
#undef CASE
}
