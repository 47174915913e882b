// What the pixel loops share. Loops that pay are compiled twice on x86-64, for AVX2 and for any machine, and chosen when the program
// starts; both do the same operations in the same order, so that a picture has the same bytes on both.
#ifndef MARTLET_CIMAGE_SIMD_H
#define MARTLET_CIMAGE_SIMD_H

#include <stdint.h>

#if defined(__x86_64__) && defined(__linux__) && defined(__has_attribute)
#if __has_attribute(target_clones)
#define CIMAGE_WIDE __attribute__((target_clones("avx2", "default")))
#endif
#endif
#ifndef CIMAGE_WIDE
#define CIMAGE_WIDE
#endif

#define CIMAGE_INLINE static inline __attribute__((always_inline))

// Samples of colour: alpha, the last of 2 or 4, is not one.
CIMAGE_INLINE int cimage_colours(int channels) { return channels == 2 ? 1 : channels == 4 ? 3 : channels; }

// SplitMix64 (Steele, Lea, Flood 2014): a counter and a hash, the same on every machine.
CIMAGE_INLINE uint64_t cimage_draw(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

// Position in a line of `size` mirrored at both ends without repeating the edge.
CIMAGE_INLINE int cimage_mirrored(int position, int size) {
  if (size == 1) return 0;
  int period = 2 * (size - 1);
  position %= period;
  if (position < 0) position += period;
  return position < size ? position : period - position;
}

#endif
