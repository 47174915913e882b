#include "cimage.h"

#include <spng.h>
#include <stdlib.h>
#include <string.h>

struct cimage_png {
  spng_ctx *context;
  int format;
  int flags;
};

static cimage_status fail(int code, char *message) {
  strncpy(message, spng_strerror(code), CIMAGE_MESSAGE_SIZE - 1);
  message[CIMAGE_MESSAGE_SIZE - 1] = 0;
  switch (code) {
    case SPNG_IO_EOF:
    case SPNG_EOF:
    case SPNG_EIDAT_TOO_SHORT: return CIMAGE_TRUNCATED;
    case SPNG_EMEM: return CIMAGE_MEMORY;
    case SPNG_EUSER_WIDTH:
    case SPNG_EUSER_HEIGHT:
    case SPNG_EOVERFLOW:
    case SPNG_ECHUNK_LIMITS: return CIMAGE_LIMIT;
    case SPNG_EFMT:
    case SPNG_ECHUNK_UNKNOWN_CRITICAL: return CIMAGE_UNSUPPORTED;
    default: return CIMAGE_CORRUPT;
  }
}

// Chooses the decoder's output so that nothing is lost: palettes become RGB, a transparent colour becomes an alpha channel.
static void choose(cimage_png *png, const struct spng_ihdr *header, int transparent, cimage_png_info *info) {
  int deep = header->bit_depth == 16;
  png->flags = transparent ? SPNG_DECODE_TRNS : 0;
  info->bits = deep ? 16 : 8;
  info->stored_bits = header->bit_depth;
  switch (header->color_type) {
    case SPNG_COLOR_TYPE_GRAYSCALE:
      info->stored_channels = 1;
      info->channels = transparent ? 2 : 1;
      png->format = transparent ? (deep ? SPNG_FMT_GA16 : SPNG_FMT_GA8) : (deep ? SPNG_FMT_PNG : SPNG_FMT_G8);
      break;
    case SPNG_COLOR_TYPE_GRAYSCALE_ALPHA:
      info->stored_channels = info->channels = 2;
      png->format = SPNG_FMT_PNG;
      png->flags = 0;
      break;
    case SPNG_COLOR_TYPE_INDEXED:
      info->stored_channels = 1;
      info->channels = transparent ? 4 : 3;
      png->format = transparent ? SPNG_FMT_RGBA8 : SPNG_FMT_RGB8;
      break;
    case SPNG_COLOR_TYPE_TRUECOLOR:
      info->stored_channels = 3;
      info->channels = transparent ? 4 : 3;
      png->format = transparent ? (deep ? SPNG_FMT_RGBA16 : SPNG_FMT_RGBA8) : SPNG_FMT_PNG;
      break;
    default:
      info->stored_channels = info->channels = 4;
      png->format = SPNG_FMT_PNG;
      png->flags = 0;
      break;
  }
}

cimage_status cimage_png_open(
  const uint8_t *data, size_t size, uint32_t max_width, uint32_t max_height, size_t max_metadata, cimage_png **out,
  cimage_png_info *info, char *message) {
  *out = NULL;
  cimage_png *png = calloc(1, sizeof(cimage_png));
  spng_ctx *context = png ? spng_ctx_new(0) : NULL;
  if (!context) {
    free(png);
    return fail(SPNG_EMEM, message);
  }
  png->context = context;
  struct spng_ihdr header;
  struct spng_trns transparency;
  int code = spng_set_crc_action(context, SPNG_CRC_ERROR, SPNG_CRC_ERROR);
  if (!code) code = spng_set_image_limits(context, max_width, max_height);
  if (!code) code = spng_set_chunk_limits(context, max_metadata, max_metadata);
  if (!code) code = spng_set_png_buffer(context, data, size);
  if (!code) code = spng_get_ihdr(context, &header);
  int transparent = 0;
  if (!code) {
    code = spng_get_trns(context, &transparency);
    transparent = code == 0;
    if (code == SPNG_ECHUNKAVAIL) code = 0;
  }
  if (code) {
    cimage_png_close(png);
    return fail(code, message);
  }
  info->width = header.width;
  info->height = header.height;
  choose(png, &header, transparent, info);
  *out = png;
  return CIMAGE_OK;
}

cimage_status cimage_png_decode(cimage_png *png, void *pixels, size_t size, char *message) {
  size_t needed = 0;
  int code = spng_decoded_image_size(png->context, png->format, &needed);
  if (!code && needed != size) code = SPNG_EBUFSIZ;
  if (!code) code = spng_decode_image(png->context, pixels, size, png->format, png->flags);
  // The chunks after the pixels are read too, so that a file cut behind its last row does not pass.
  if (!code) code = spng_decode_chunks(png->context);
  return code ? fail(code, message) : CIMAGE_OK;
}

const uint8_t *cimage_png_exif(cimage_png *png, size_t *size) {
  struct spng_exif exif;
  *size = 0;
  if (spng_get_exif(png->context, &exif) != 0) return NULL;
  *size = exif.length;
  return (const uint8_t *)exif.data;
}

void cimage_png_close(cimage_png *png) {
  if (!png) return;
  spng_ctx_free(png->context);
  free(png);
}

cimage_status cimage_png_encode(
  const void *pixels, size_t size, uint32_t width, uint32_t height, int channels, int bits, int level, uint8_t **out, size_t *out_size,
  char *message) {
  static const uint8_t types[] = {
    SPNG_COLOR_TYPE_GRAYSCALE, SPNG_COLOR_TYPE_GRAYSCALE_ALPHA, SPNG_COLOR_TYPE_TRUECOLOR, SPNG_COLOR_TYPE_TRUECOLOR_ALPHA};
  *out = NULL;
  *out_size = 0;
  spng_ctx *context = spng_ctx_new(SPNG_CTX_ENCODER);
  if (!context) return fail(SPNG_EMEM, message);
  struct spng_ihdr header = {.width = width, .height = height, .bit_depth = (uint8_t)bits, .color_type = types[channels - 1]};
  int code = spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1);
  if (!code) code = spng_set_option(context, SPNG_IMG_COMPRESSION_LEVEL, level);
  if (!code) code = spng_set_ihdr(context, &header);
  if (!code) code = spng_encode_image(context, pixels, size, SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE);
  if (!code) *out = spng_get_png_buffer(context, out_size, &code);
  spng_ctx_free(context);
  return code ? fail(code, message) : CIMAGE_OK;
}

void cimage_png_free(uint8_t *bytes) { free(bytes); }
