#include "cimage.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

// libwebp is found while the program runs: pictures of other kinds do not need it. These are its functions as documented; their
// signatures have been the same in all of its versions 7.
struct cimage_webp {
  uint8_t *(*decode_rgb)(const uint8_t *data, size_t size, uint8_t *out, size_t out_size, int stride);
  uint8_t *(*decode_rgba)(const uint8_t *data, size_t size, uint8_t *out, size_t out_size, int stride);
  size_t (*encode_rgb)(const uint8_t *pixels, int width, int height, int stride, float quality, uint8_t **out);
  size_t (*encode_rgba)(const uint8_t *pixels, int width, int height, int stride, float quality, uint8_t **out);
  size_t (*encode_exact_rgb)(const uint8_t *pixels, int width, int height, int stride, uint8_t **out);
  size_t (*encode_exact_rgba)(const uint8_t *pixels, int width, int height, int stride, uint8_t **out);
  void (*release)(void *bytes);
};

cimage_webp *cimage_webp_open(const char *library) {
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!handle) return NULL;
  cimage_webp *webp = calloc(1, sizeof(cimage_webp));
  int found = webp != NULL;
#define FIND(FIELD, NAME)                                    \
  if (found) {                                               \
    void *symbol = dlsym(handle, NAME);                      \
    memcpy(&webp->FIELD, &symbol, sizeof(symbol));           \
    found = symbol != NULL;                                  \
  }
  FIND(decode_rgb, "WebPDecodeRGBInto")
  FIND(decode_rgba, "WebPDecodeRGBAInto")
  FIND(encode_rgb, "WebPEncodeRGB")
  FIND(encode_rgba, "WebPEncodeRGBA")
  FIND(encode_exact_rgb, "WebPEncodeLosslessRGB")
  FIND(encode_exact_rgba, "WebPEncodeLosslessRGBA")
  FIND(release, "WebPFree")
#undef FIND
  if (found) return webp;
  free(webp);
  dlclose(handle);
  return NULL;
}

cimage_status cimage_webp_decode(
  const cimage_webp *webp, const uint8_t *data, size_t size, int width, int height, int channels, uint8_t *out) {
  int stride = width * channels;
  size_t total = (size_t)stride * height;
  uint8_t *done =
    channels == 4 ? webp->decode_rgba(data, size, out, total, stride) : webp->decode_rgb(data, size, out, total, stride);
  return done ? CIMAGE_OK : CIMAGE_CORRUPT;
}

cimage_status cimage_webp_encode(
  const cimage_webp *webp, const uint8_t *pixels, int width, int height, int channels, float quality, int exact, uint8_t **out,
  size_t *out_size) {
  int stride = width * channels;
  *out = NULL;
  if (exact)
    *out_size = channels == 4 ? webp->encode_exact_rgba(pixels, width, height, stride, out)
                              : webp->encode_exact_rgb(pixels, width, height, stride, out);
  else
    *out_size = channels == 4 ? webp->encode_rgba(pixels, width, height, stride, quality, out)
                              : webp->encode_rgb(pixels, width, height, stride, quality, out);
  return *out_size > 0 && *out ? CIMAGE_OK : CIMAGE_MEMORY;
}

void cimage_webp_free(const cimage_webp *webp, uint8_t *bytes) {
  if (bytes) webp->release(bytes);
}
