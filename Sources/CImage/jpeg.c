#include "cimage.h"

#include <string.h>
#include <turbojpeg.h>

static void explain(char *message, const char *text) {
  strncpy(message, text, CIMAGE_MESSAGE_SIZE - 1);
  message[CIMAGE_MESSAGE_SIZE - 1] = 0;
}

// The library reports defects as English text only.
static cimage_status status_of(const char *text) {
  if (strstr(text, "Premature end") || strstr(text, "input file is empty") || strstr(text, "Empty input")) return CIMAGE_TRUNCATED;
  if (strstr(text, "nsupported") || strstr(text, "not implemented") || strstr(text, "not compiled")) return CIMAGE_UNSUPPORTED;
  if (strstr(text, "emory")) return CIMAGE_MEMORY;
  return CIMAGE_CORRUPT;
}

int cimage_jpeg_scaled(int side, int eighths) { return (int)(((int64_t)side * eighths + 7) / 8); }

cimage_status cimage_jpeg_decode(
  const uint8_t *data, size_t size, int width, int height, int components, uint8_t *out, char *message) {
  tjhandle handle = tjInitDecompress();
  if (!handle) {
    explain(message, "no memory for a JPEG decoder");
    return CIMAGE_MEMORY;
  }
  int format = components == 1 ? TJPF_GRAY : components == 4 ? TJPF_CMYK : TJPF_RGB;
  // A warning means that the rest of the picture is guessed, so it is an error here. The scan limit stops files made to burn time.
  int flags = TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS;
  cimage_status status = CIMAGE_OK;
  if (tjDecompress2(handle, data, size, out, width, width * components, height, format, flags) != 0) {
    const char *text = tjGetErrorStr2(handle);
    explain(message, text);
    status = status_of(text);
  }
  tjDestroy(handle);
  return status;
}

cimage_status cimage_jpeg_encode(
  const uint8_t *pixels, int width, int height, int channels, int quality, int full_chroma, uint8_t **out, size_t *out_size,
  char *message) {
  *out = NULL;
  *out_size = 0;
  tjhandle handle = tjInitCompress();
  if (!handle) {
    explain(message, "no memory for a JPEG encoder");
    return CIMAGE_MEMORY;
  }
  unsigned char *bytes = NULL;
  unsigned long size = 0;
  int subsampling = channels == 1 ? TJSAMP_GRAY : full_chroma ? TJSAMP_444 : TJSAMP_420;
  cimage_status status = CIMAGE_OK;
  int format = channels == 1 ? TJPF_GRAY : TJPF_RGB;
  if (tjCompress2(handle, pixels, width, width * channels, height, format, &bytes, &size, subsampling, quality,
      // The fast transform blurs what a low quality leaves.
      TJFLAG_ACCURATEDCT) != 0) {
    const char *text = tjGetErrorStr2(handle);
    explain(message, text);
    status = status_of(text);
    tjFree(bytes);
  } else {
    *out = bytes;
    *out_size = size;
  }
  tjDestroy(handle);
  return status;
}

void cimage_jpeg_free(uint8_t *bytes) { tjFree(bytes); }
