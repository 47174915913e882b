#include "cimage.h"

// ITU-R 601 luma in 16-bit fixed point, with the same constants and rounding as Pillow's conversion to "L".
static inline uint32_t luma(uint32_t red, uint32_t green, uint32_t blue) {
  return (uint32_t)(((uint64_t)red * 19595 + (uint64_t)green * 38470 + (uint64_t)blue * 7471 + 0x8000) >> 16);
}

// Every supported change of channels for one sample type. MAX is full intensity; blends round to the nearest.
#define CONVERT(NAME, T, MAX)                                                                                             \
  static inline T NAME##_over(T value, T alpha, T background) {                                                           \
    return (T)(((uint64_t)value * alpha + (uint64_t)background * (MAX - alpha) + MAX / 2) / MAX);                         \
  }                                                                                                                       \
  void NAME(const T *in, size_t count, int from, int to, const T *background, T *out) {                                   \
    T grey = (T)luma(background[0], background[1], background[2]);                                                        \
    for (size_t i = 0; i < count; i++, in += from, out += to) {                                                           \
      T r = in[0], g = from >= 3 ? in[1] : in[0], b = from >= 3 ? in[2] : in[0];                                          \
      T a = from == 2 ? in[1] : from == 4 ? in[3] : MAX;                                                                  \
      switch (to) {                                                                                                       \
        case 1:                                                                                                           \
          out[0] = from >= 3 ? (T)luma(r, g, b) : r;                                                                      \
          if (from == 2) out[0] = NAME##_over(out[0], a, grey);                                                           \
          if (from == 4)                                                                                                  \
            out[0] = (T)luma(                                                                                             \
              NAME##_over(r, a, background[0]), NAME##_over(g, a, background[1]), NAME##_over(b, a, background[2]));      \
          break;                                                                                                          \
        case 2:                                                                                                           \
          out[0] = from >= 3 ? (T)luma(r, g, b) : r;                                                                      \
          out[1] = a;                                                                                                     \
          break;                                                                                                          \
        case 3:                                                                                                           \
          if (from == 2 || from == 4) {                                                                                   \
            out[0] = NAME##_over(r, a, background[0]);                                                                    \
            out[1] = NAME##_over(g, a, background[1]);                                                                    \
            out[2] = NAME##_over(b, a, background[2]);                                                                    \
          } else {                                                                                                        \
            out[0] = r, out[1] = g, out[2] = b;                                                                           \
          }                                                                                                               \
          break;                                                                                                          \
        default: out[0] = r, out[1] = g, out[2] = b, out[3] = a; break;                                                   \
      }                                                                                                                   \
    }                                                                                                                     \
  }

CONVERT(cimage_convert8, uint8_t, 255)
CONVERT(cimage_convert16, uint16_t, 65535)

void cimage_cmyk_to_rgb(const uint8_t *in, size_t count, int inverted, uint8_t *out) {
  for (size_t i = 0; i < count; i++, in += 4, out += 3) {
    // Light that passes: what the ink leaves of each colour times what the black leaves of all.
    uint32_t black = inverted ? in[3] : 255 - in[3];
    for (int c = 0; c < 3; c++) {
      uint32_t light = inverted ? in[c] : 255 - in[c];
      out[c] = (uint8_t)((light * black + 127) / 255);
    }
  }
}

void cimage_narrow(const uint16_t *in, size_t count, uint8_t *out) {
  for (size_t i = 0; i < count; i++) out[i] = (uint8_t)(((uint32_t)in[i] * 255 + 32895) >> 16);
}

void cimage_widen(const uint8_t *in, size_t count, uint16_t *out) {
  for (size_t i = 0; i < count; i++) out[i] = (uint16_t)(in[i] * 257);
}

#define PREMULTIPLY(BITS, T, MAX)                                                                     \
  void cimage_premultiply##BITS(const T *in, size_t count, int channels, T *out) {                    \
    for (size_t i = 0; i < count; i++, in += channels, out += channels) {                             \
      uint64_t alpha = in[channels - 1];                                                              \
      for (int c = 0; c < channels - 1; c++) out[c] = (T)((in[c] * alpha + MAX / 2) / MAX);           \
      out[channels - 1] = (T)alpha;                                                                   \
    }                                                                                                 \
  }                                                                                                   \
  void cimage_unpremultiply##BITS(T *pixels, size_t count, int channels) {                            \
    for (size_t i = 0; i < count; i++, pixels += channels) {                                          \
      uint64_t alpha = pixels[channels - 1];                                                          \
      if (alpha == 0 || alpha == MAX) continue;                                                       \
      for (int c = 0; c < channels - 1; c++) {                                                        \
        uint64_t value = (uint64_t)pixels[c] * MAX / alpha;                                           \
        pixels[c] = value > MAX ? MAX : (T)value;                                                     \
      }                                                                                               \
    }                                                                                                 \
  }

PREMULTIPLY(8, uint8_t, 255)
PREMULTIPLY(16, uint16_t, 65535)
