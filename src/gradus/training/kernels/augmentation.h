// Images shifted and mirrored, each by its own random word.
#pragma once

#include "random.h"

#include <cstring>

static inline int64_t within(int64_t at, int64_t size, bool mirrored_edges) {
  if (at >= 0 && at < size) return at;
  if (!mirrored_edges || size == 1) return mirrored_edges ? 0 : -1;
  const int64_t turn = (at < 0 ? -at : at) % (2 * size - 2);
  return turn < size ? turn : 2 * size - 2 - turn;
}

// One of `count` numbers, from 31 bits of a word.
static inline int64_t drawn(uint64_t word, int bits, int64_t count) {
  return (int64_t)((((word >> bits) & ((1u << 31) - 1)) * count) >> 31);
}

// Bytes shaped (rows, height, width, channels).  Of the word of an image, 31 bits each give the shifts down and across;
// `mirrored` says which images are.  What comes in from outside is black or, with mirrored edges, what is inside.
static void shifted_and_mirrored(const uint8_t* images, const uint64_t* words, int64_t rows, int64_t height,
                                 int64_t width, int64_t channels, int64_t shift, const uint8_t* mirrored,
                                 bool mirrored_edges, uint8_t* out) {
  for (int64_t r = 0; r < rows; r++) {
    const int64_t down = drawn(words[r], 0, 2 * shift + 1) - shift;
    const int64_t across = drawn(words[r], 31, 2 * shift + 1) - shift;
    const uint8_t* from = images + r * height * width * channels;
    uint8_t* to = out + r * height * width * channels;
    for (int64_t y = 0; y < height; y++) {
      const int64_t v = within(y + down, height, mirrored_edges);
      for (int64_t x = 0; x < width; x++, to += channels) {
        const int64_t u = within((mirrored[r] ? width - 1 - x : x) + across, width, mirrored_edges);
        if (v < 0 || u < 0)
          for (int64_t c = 0; c < channels; c++) to[c] = 0;
        else
          for (int64_t c = 0; c < channels; c++) to[c] = from[(v * width + u) * channels + c];
      }
    }
  }
}

// In place: a square of one grey in each image.
static void cut(uint8_t* images, const uint64_t* words, int64_t rows, int64_t height, int64_t width, int64_t channels,
                int64_t square, int grey) {
  for (int64_t r = 0; r < rows; r++) {
    const int64_t top = drawn(words[r], 0, height - square + 1), left = drawn(words[r], 31, width - square + 1);
    for (int64_t y = top; y < top + square; y++)
      memset(images + ((r * height + y) * width + left) * channels, grey, square * channels);
  }
}
