#include "cimage.h"
#include "simd.h"

#include <string.h>

// No fused multiply-add: a picture has the same bytes on every machine.
#pragma STDC FP_CONTRACT OFF

// Pixels that are taken apart into planes at a time, so that the arithmetic runs over straight lines of floats.
#define CHUNK 256

void cimage_lookup8(const uint8_t *in, size_t count, int channels, const uint8_t *tables, uint8_t *out) {
  if (channels == 1) {
    for (size_t i = 0; i < count; i++) out[i] = tables[in[i]];
  } else if (channels == 3) {
    const uint8_t *red = tables, *green = tables + 256, *blue = tables + 512;
    for (size_t i = 0; i < count; i++, in += 3, out += 3) {
      out[0] = red[in[0]];
      out[1] = green[in[1]];
      out[2] = blue[in[2]];
    }
  } else {
    for (size_t i = 0; i < count; i++, in += channels, out += channels)
      for (int c = 0; c < channels; c++) out[c] = tables[c * 256 + in[c]];
  }
}

void cimage_histogram8(const uint8_t *in, size_t count, int channels, uint32_t *bins) {
  memset(bins, 0, sizeof(uint32_t) * 256 * channels);
  if (channels == 3) {
    for (size_t i = 0; i < count; i++, in += 3) bins[in[0]]++, bins[256 + in[1]]++, bins[512 + in[2]]++;
    return;
  }
  for (size_t i = 0; i < count; i++, in += channels)
    for (int c = 0; c < channels; c++) bins[c * 256 + in[c]]++;
}

CIMAGE_INLINE size_t apart(const uint8_t *in, size_t left, int channels, float *red, float *green, float *blue) {
  size_t length = left < CHUNK ? left : CHUNK;
  if (channels == 3)
    for (size_t i = 0; i < length; i++) red[i] = in[3 * i], green[i] = in[3 * i + 1], blue[i] = in[3 * i + 2];
  else
    for (size_t i = 0; i < length; i++) red[i] = in[4 * i], green[i] = in[4 * i + 1], blue[i] = in[4 * i + 2];
  return length;
}

CIMAGE_INLINE void together(
  const uint8_t *in, const uint8_t *red, const uint8_t *green, const uint8_t *blue, size_t length, int channels, uint8_t *out) {
  if (channels == 3)
    for (size_t i = 0; i < length; i++) out[3 * i] = red[i], out[3 * i + 1] = green[i], out[3 * i + 2] = blue[i];
  else
    for (size_t i = 0; i < length; i++)
      out[4 * i] = red[i], out[4 * i + 1] = green[i], out[4 * i + 2] = blue[i], out[4 * i + 3] = in[4 * i + 3];
}

// Luma by ITU-R 601, rounded down: the grey that contrast and saturation pull towards.
CIMAGE_INLINE int32_t dim(float red, float green, float blue) { return (int32_t)(red * 0.2989f + green * 0.587f + blue * 0.114f); }

CIMAGE_INLINE float within(float value) { return value > 255.0f ? 255.0f : value > 0.0f ? value : 0.0f; }

CIMAGE_WIDE double cimage_grey_mean8(const uint8_t *in, size_t count, int channels) {
  uint64_t total = 0;
  if (channels < 3) {
    for (size_t i = 0; i < count; i++) total += in[i * channels];
    return (double)total / (double)count;
  }
  float red[CHUNK], green[CHUNK], blue[CHUNK];
  for (size_t done = 0; done < count;) {
    size_t length = apart(in + done * channels, count - done, channels, red, green, blue);
    int32_t sum = 0;
    for (size_t i = 0; i < length; i++) sum += dim(red[i], green[i], blue[i]);
    total += (uint64_t)sum;
    done += length;
  }
  return (double)total / (double)count;
}

CIMAGE_WIDE void cimage_saturate8(const uint8_t *in, size_t count, int channels, float factor, uint8_t *out) {
  float red[CHUNK], green[CHUNK], blue[CHUNK], rest = 1.0f - factor;
  uint8_t r[CHUNK], g[CHUNK], b[CHUNK];
  for (size_t done = 0; done < count;) {
    size_t length = apart(in + done * channels, count - done, channels, red, green, blue);
    for (size_t i = 0; i < length; i++) {
      float grey = (float)dim(red[i], green[i], blue[i]) * rest;
      r[i] = (uint8_t)(int32_t)within(red[i] * factor + grey);
      g[i] = (uint8_t)(int32_t)within(green[i] * factor + grey);
      b[i] = (uint8_t)(int32_t)within(blue[i] * factor + grey);
    }
    together(in + done * channels, r, g, b, length, channels, out + done * channels);
    done += length;
  }
}

// How far a channel lies below the largest one, as a part of the chroma: `k` is the hue in sixths of the circle from that channel.
CIMAGE_INLINE float depth(float k) {
  k = k < 0.0f ? k + 6.0f : k;
  k = k >= 12.0f ? k - 12.0f : k;
  k = k >= 6.0f ? k - 6.0f : k;
  float other = 4.0f - k;
  k = k < other ? k : other;
  return k > 1.0f ? 1.0f : k > 0.0f ? k : 0.0f;
}

CIMAGE_WIDE void cimage_hue8(const uint8_t *in, size_t count, int channels, float turn, uint8_t *out) {
  float red[CHUNK], green[CHUNK], blue[CHUNK], sixths = turn * 6.0f;
  // A level stays what it is where the colour does not change, and others are rounded down, as in torchvision.
  const float scale = 255.999f / 255.0f;
  uint8_t r[CHUNK], g[CHUNK], b[CHUNK];
  for (size_t done = 0; done < count;) {
    size_t length = apart(in + done * channels, count - done, channels, red, green, blue);
    for (size_t i = 0; i < length; i++) {
      float R = red[i], G = green[i], B = blue[i];
      float top = R > G ? R : G, low = R < G ? R : G;
      top = top > B ? top : B;
      low = low < B ? low : B;
      float chroma = top - low, unit = 1.0f / (chroma > 0.0f ? chroma : 1.0f);
      float fromRed = (G - B) * unit, fromGreen = 2.0f + (B - R) * unit, fromBlue = 4.0f + (R - G) * unit;
      float hue = (top == R ? fromRed : top == G ? fromGreen : fromBlue) + sixths;
      r[i] = (uint8_t)(int32_t)((top - chroma * depth(hue + 5.0f)) * scale);
      g[i] = (uint8_t)(int32_t)((top - chroma * depth(hue + 3.0f)) * scale);
      b[i] = (uint8_t)(int32_t)((top - chroma * depth(hue + 1.0f)) * scale);
    }
    together(in + done * channels, r, g, b, length, channels, out + done * channels);
    done += length;
  }
}

CIMAGE_WIDE void cimage_sharpen8(const uint8_t *in, int width, int height, int channels, float factor, uint8_t *out) {
  size_t row = (size_t)width * channels;
  memcpy(out, in, row * height);
  if (width < 3 || height < 3) return;
  float part = 1.0f - factor;
  for (int y = 1; y < height - 1; y++) {
    const uint8_t *middle = in + y * row, *above = middle - row, *below = middle + row;
    uint8_t *line = out + y * row;
    for (size_t x = channels; x < row - channels; x++) {
      size_t left = x - channels, right = x + channels;
      int32_t sum = above[left] + above[x] + above[right] + middle[left] + 5 * middle[x] + middle[right] + below[left] + below[x]
        + below[right];
      // The sum over thirteen, rounded: exact by multiplication up to 3315.
      int32_t smooth = ((sum + 6) * 5042) >> 16;
      line[x] = (uint8_t)(int32_t)within((float)middle[x] + (float)(smooth - middle[x]) * part);
    }
  }
}

void cimage_keep_alpha8(const uint8_t *in, size_t count, int channels, uint8_t *out) {
  if (channels != 2 && channels != 4) return;
  for (size_t i = 0; i < count; i++) out[i * channels + channels - 1] = in[i * channels + channels - 1];
}

void cimage_paint8(
  uint8_t *pixels, int width, int channels, int x, int y, int area_width, int area_height, const uint8_t *colour, const uint8_t *noise) {
  int colours = cimage_colours(channels);
  for (int row = y; row < y + area_height; row++) {
    uint8_t *out = pixels + ((size_t)row * width + x) * channels;
    for (int i = 0; i < area_width; i++, out += channels)
      if (noise) {
        for (int c = 0; c < colours; c++) out[c] = *noise++;
      } else {
        for (int c = 0; c < colours; c++) out[c] = colour[c];
      }
  }
}

void cimage_reorder8(const uint8_t *in, size_t count, int channels, const int32_t *order, uint8_t *out) {
  for (size_t i = 0; i < count; i++, in += channels, out += channels)
    for (int c = 0; c < channels; c++) out[c] = in[order[c]];
}

CIMAGE_WIDE void cimage_add_weighted8(const uint8_t *in, size_t count, float weight, float *sum) {
  for (size_t i = 0; i < count; i++) sum[i] += (float)in[i] * weight;
}

CIMAGE_WIDE void cimage_truncate8(const float *in, size_t count, uint8_t *out) {
  for (size_t i = 0; i < count; i++) out[i] = (uint8_t)(int32_t)within(in[i]);
}
