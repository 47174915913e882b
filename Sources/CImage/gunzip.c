#include "cimage.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

static uInt piece(size_t rest) { return rest > UINT_MAX ? UINT_MAX : (uInt)rest; }

cimage_status cimage_gunzip(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size, size_t *written, size_t *consumed) {
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  *written = *consumed = 0;
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return CIMAGE_MEMORY;
  cimage_status status = CIMAGE_OK;
  // One byte beyond the caller's buffer tells "exactly full" from "more follows", and lets the checksum be read.
  uint8_t extra;
  int beyond = 0;
  for (;;) {
    if (stream.avail_in == 0) {
      stream.next_in = (Bytef *)(uintptr_t)(in + *consumed);
      stream.avail_in = piece(in_size - *consumed);
    }
    if (stream.avail_out == 0) {
      if (beyond) {
        status = CIMAGE_FULL;
        break;
      }
      if (*written < out_size) {
        stream.next_out = out + *written;
        stream.avail_out = piece(out_size - *written);
      } else {
        stream.next_out = &extra;
        stream.avail_out = 1;
        beyond = 1;
      }
    }
    uInt before_in = stream.avail_in, before_out = stream.avail_out;
    int code = inflate(&stream, Z_NO_FLUSH);
    *consumed += before_in - stream.avail_in;
    if (!beyond) *written += before_out - stream.avail_out;
    if (code == Z_STREAM_END) {
      if (beyond && stream.avail_out == 0) status = CIMAGE_FULL;
      break;
    }
    if (code == Z_BUF_ERROR || (code == Z_OK && *consumed == in_size && stream.avail_out > 0)) {
      status = CIMAGE_TRUNCATED;
      break;
    }
    if (code != Z_OK) {
      status = code == Z_MEM_ERROR ? CIMAGE_MEMORY : CIMAGE_CORRUPT;
      break;
    }
  }
  inflateEnd(&stream);
  return status;
}
