// The C face of Martlet's images: libjpeg-turbo's TurboJPEG, libspng and zlib behind plain functions, and the pixel loops.
//
// Rules: no function keeps state between calls or writes outside the sizes it is given; every codec handle lives for one call or belongs
// to one caller; failures come back as a status and a text, never as a jump or an abort.
#ifndef MARTLET_CIMAGE_H
#define MARTLET_CIMAGE_H

#include <stddef.h>
#include <stdint.h>

/// Bytes that a message buffer needs.
#define CIMAGE_MESSAGE_SIZE 208

typedef enum {
  CIMAGE_OK = 0,
  CIMAGE_TRUNCATED = 1,
  CIMAGE_CORRUPT = 2,
  CIMAGE_UNSUPPORTED = 3,
  CIMAGE_MEMORY = 4,
  CIMAGE_LIMIT = 5,
  CIMAGE_FULL = 6
} cimage_status;

// JPEG (jpeg.c). `components` is 1 (grey), 3 (RGB) or 4 (CMYK as stored).

/// The side of a picture decoded at `eighths`/8 of its size.
int cimage_jpeg_scaled(int side, int eighths);
/// Decodes to exactly `width` × `height`, which must be a scaled size of the picture; `out` holds width × height × components bytes.
cimage_status cimage_jpeg_decode(
  const uint8_t *data, size_t size, int width, int height, int components, uint8_t *out, char *message);
/// Encodes grey (1) or RGB (3) pixels; free `*out` with `cimage_jpeg_free`.
cimage_status cimage_jpeg_encode(
  const uint8_t *pixels, int width, int height, int channels, int quality, int full_chroma, uint8_t **out, size_t *out_size, char *message);
void cimage_jpeg_free(uint8_t *bytes);

// PNG (png.c).

typedef struct cimage_png cimage_png;

typedef struct {
  uint32_t width, height;
  /// Bits of a stored sample (1–16) and samples of a stored pixel (1 for a palette).
  uint8_t stored_bits, stored_channels;
  /// What `cimage_png_decode` will write: 8 or 16 bits, 1–4 channels, 16-bit samples in the machine's byte order.
  uint8_t bits, channels;
} cimage_png_info;

/// Reads everything before the pixels. On failure `*out` is NULL.
cimage_status cimage_png_open(
  const uint8_t *data, size_t size, uint32_t max_width, uint32_t max_height, size_t max_metadata, cimage_png **out,
  cimage_png_info *info, char *message);
/// Decodes all pixels and checks the file to its end. `size` is exactly width × height × channels × bits / 8.
cimage_status cimage_png_decode(cimage_png *png, void *pixels, size_t size, char *message);
/// The eXIf chunk, or NULL; it belongs to the handle. To be called after `cimage_png_decode`.
const uint8_t *cimage_png_exif(cimage_png *png, size_t *size);
void cimage_png_close(cimage_png *png);
/// Encodes 1–4 channels of 8 or 16 bits; free `*out` with `cimage_png_free`.
cimage_status cimage_png_encode(
  const void *pixels, size_t size, uint32_t width, uint32_t height, int channels, int bits, int level, uint8_t **out, size_t *out_size,
  char *message);
void cimage_png_free(uint8_t *bytes);

// WebP (webp.c): through libwebp, if the machine has it.

typedef struct cimage_webp cimage_webp;

/// Loads the library; NULL if it is missing or lacks a function. It stays loaded.
cimage_webp *cimage_webp_open(const char *library);
/// Decodes to exactly `width` × `height`, as the header has them; 3 or 4 channels.
cimage_status cimage_webp_decode(
  const cimage_webp *webp, const uint8_t *data, size_t size, int width, int height, int channels, uint8_t *out);
/// Encodes 3 or 4 channels; `exact` without loss. Free `*out` with `cimage_webp_free`.
cimage_status cimage_webp_encode(
  const cimage_webp *webp, const uint8_t *pixels, int width, int height, int channels, float quality, int exact, uint8_t **out,
  size_t *out_size);
void cimage_webp_free(const cimage_webp *webp, uint8_t *bytes);

// gzip (gunzip.c).

/// Inflates one gzip member into `out`. `CIMAGE_FULL` means that more would have followed; `*consumed` counts input bytes.
cimage_status cimage_gunzip(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size, size_t *written, size_t *consumed);

// Colour and depth (convert.c). `count` counts pixels, `from` and `to` are channels (1 grey, 2 grey + alpha, 3 RGB, 4 RGBA).

/// Alpha that `to` lacks is composited on `background` (three samples).
void cimage_convert8(const uint8_t *in, size_t count, int from, int to, const uint8_t *background, uint8_t *out);
void cimage_convert16(const uint16_t *in, size_t count, int from, int to, const uint16_t *background, uint16_t *out);
/// `inverted` is Adobe's way: 0 is full ink.
void cimage_cmyk_to_rgb(const uint8_t *in, size_t count, int inverted, uint8_t *out);
/// Rounds to the nearest: 65535 becomes 255.
void cimage_narrow(const uint16_t *in, size_t count, uint8_t *out);
void cimage_widen(const uint8_t *in, size_t count, uint16_t *out);
void cimage_premultiply8(const uint8_t *in, size_t count, int channels, uint8_t *out);
void cimage_unpremultiply8(uint8_t *pixels, size_t count, int channels);
void cimage_premultiply16(const uint16_t *in, size_t count, int channels, uint16_t *out);
void cimage_unpremultiply16(uint16_t *pixels, size_t count, int channels);

// Planes (planes.c): interleaved rows to [channels, height, width] and back.

/// `table` holds 256 floats for each channel: those of sample 0 plus the sample times the channel's scale, rounded after each step
/// (`scales` NULL: any numbers).
void cimage_to_planes_float8(
  const uint8_t *in, size_t count, int channels, const float *table, const float *scales, float *out);
/// (value / 65535 - mean) / std, one mean and std for each channel.
void cimage_to_planes_float16(const uint16_t *in, size_t count, int channels, const float *mean, const float *std, float *out);
void cimage_to_planes8(const uint8_t *in, size_t count, int channels, uint8_t *out);
void cimage_from_planes8(const uint8_t *in, size_t count, int channels, uint8_t *out);
/// Clamps value × 255 to 0…255 and rounds; NaN becomes 0.
void cimage_from_planes_float(const float *in, size_t count, int channels, uint8_t *out);

/// One axis of a moved and mirrored picture: target position t in [low, high) shows source position offset + step × t, others the fill.
typedef struct {
  int32_t size, step, offset, low, high;
} cimage_axis;

/// One small picture into its place in a float batch, moved and mirrored on the way. `table` as above, `fill` is a sample value.
void cimage_place8(
  const uint8_t *in, int width, int height, int channels, cimage_axis x, cimage_axis y, uint8_t fill, const float *table,
  const float *scales, float *out);

// Geometry (gather.c, resample.c, warp.c, project.c).

/// out[y][x] = in[rows[y]][columns[x]], the fill pixel where an index is negative; with `transposed`, in[rows[x]][columns[y]].
void cimage_gather(
  const void *in, size_t row_bytes, size_t pixel_bytes, const int32_t *columns, int out_width, const int32_t *rows, int out_height,
  int transposed, const void *fill, void *out);

typedef enum { CIMAGE_BOX = 0, CIMAGE_BILINEAR = 1, CIMAGE_BICUBIC = 2 } cimage_filter;

/// Antialiased separable resampling. Returns CIMAGE_MEMORY if the tables do not fit in memory.
cimage_status cimage_resample8(
  const uint8_t *in, int width, int height, int channels, cimage_filter filter, int out_width, int out_height, uint8_t *out);
cimage_status cimage_resample16(
  const uint16_t *in, int width, int height, int channels, cimage_filter filter, int out_width, int out_height, uint16_t *out);

/// Bilinear sampling at (m0 x + m1 y + m2, m3 x + m4 y + m5) of the target's pixel centres.
void cimage_warp8(
  const uint8_t *in, int width, int height, int channels, const double *matrix, uint8_t fill, int out_width, int out_height, uint8_t *out);
void cimage_warp16(
  const uint16_t *in, int width, int height, int channels, const double *matrix, uint16_t fill, int out_width, int out_height,
  uint16_t *out);

/// Sampling through a projection: target (x, y) of pixel centres shows source (m0 x + m1 y + m2, m3 x + m4 y + m5) / (m6 x + m7 y + m8).
/// Neighbours outside the picture are `fill`, one sample for each channel.
void cimage_project8(
  const uint8_t *in, int width, int height, int channels, const double *matrix, int bilinear, const uint8_t *fill, int out_width,
  int out_height, uint8_t *out);
void cimage_project16(
  const uint16_t *in, int width, int height, int channels, const double *matrix, int bilinear, const uint16_t *fill, int out_width,
  int out_height, uint16_t *out);
/// Target pixel i shows the source at its own place plus (dx[i], dy[i]) pixels.
void cimage_displace8(
  const uint8_t *in, int width, int height, int channels, const float *dx, const float *dy, int bilinear, const uint8_t *fill,
  uint8_t *out);
void cimage_displace16(
  const uint16_t *in, int width, int height, int channels, const float *dx, const float *dy, int bilinear, const uint16_t *fill,
  uint16_t *out);

// Colours (colour.c): 8 bits; what is said of colours leaves alpha as it is.

/// `tables` holds 256 samples for each channel.
void cimage_lookup8(const uint8_t *in, size_t count, int channels, const uint8_t *tables, uint8_t *out);
/// `bins` holds 256 counts for each channel.
void cimage_histogram8(const uint8_t *in, size_t count, int channels, uint32_t *bins);
/// The mean of the pixels' luma, each rounded down.
double cimage_grey_mean8(const uint8_t *in, size_t count, int channels);
/// Three or four channels, towards (0) or away from (above 1) their luma.
void cimage_saturate8(const uint8_t *in, size_t count, int channels, float factor, uint8_t *out);
/// Three or four channels, the hue turned by a part of the circle, -0.5 to 0.5.
void cimage_hue8(const uint8_t *in, size_t count, int channels, float turn, uint8_t *out);
/// Away from (above 1) or towards (0) the mean of 3 × 3 pixels; the outermost pixels stay.
void cimage_sharpen8(const uint8_t *in, int width, int height, int channels, float factor, uint8_t *out);
/// Copies alpha alone, where there is one.
void cimage_keep_alpha8(const uint8_t *in, size_t count, int channels, uint8_t *out);
/// Paints a rectangle that lies within the picture: with one sample for each colour, or, if `noise` is not NULL, with those one by one.
void cimage_paint8(
  uint8_t *pixels, int width, int channels, int x, int y, int area_width, int area_height, const uint8_t *colour, const uint8_t *noise);
/// out[c] = in[order[c]].
void cimage_reorder8(const uint8_t *in, size_t count, int channels, const int32_t *order, uint8_t *out);
/// sum += weight × in, over `count` samples.
void cimage_add_weighted8(const uint8_t *in, size_t count, float weight, float *sum);
/// Clamps to 0…255 and rounds down.
void cimage_truncate8(const float *in, size_t count, uint8_t *out);

// Blur (blur.c): a kernel of an odd number of taps along both axes, the edges mirrored.

cimage_status cimage_blur8(const uint8_t *in, int width, int height, int channels, const float *kernel, int taps, uint8_t *out);
cimage_status cimage_blur_plane(float *plane, int width, int height, const float *kernel, int taps);

// Noise (noise.c): all of it follows from the seed. Alpha stays.

/// `mean` and `sigma` in levels of 255.
void cimage_gaussian_noise8(const uint8_t *in, size_t count, int channels, double mean, double sigma, uint64_t seed, uint8_t *out);
/// A part `amount` of the pixels becomes white (a part `salt` of them) or black.
void cimage_salt_and_pepper8(const uint8_t *in, size_t count, int channels, double amount, double salt, uint64_t seed, uint8_t *out);
/// Light counted in quanta, `photons` of them being white.
void cimage_poisson_noise8(const uint8_t *in, size_t count, int channels, double photons, uint64_t seed, uint8_t *out);
/// Uniform in [-1, 1).
void cimage_uniform_plane(float *plane, size_t count, uint64_t seed);
void cimage_random_bytes(uint8_t *bytes, size_t count, uint64_t seed);

#endif
