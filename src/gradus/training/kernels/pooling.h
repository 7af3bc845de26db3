// The maximum of 2 x 2 squares with ReLU and dropout behind it, in one pass.
#pragma once

#include "pointwise.h"

constexpr uint8_t NONE = 4;  // no input has a part in this output: it was dropped, or the maximum is not above 0

// Values shaped (rows, height, width, channels) to (rows, height / 2, width / 2, channels), and which of the four was
// the largest, the first of equal ones: 2 * row + column, or NONE.
template <class T>
static void pooled(const T* x, int64_t rows, int64_t height, int64_t width, int64_t channels, bool relu,
                   const Drop& drop, int64_t row, T* out, uint8_t* choice) {
  static thread_local Scratch<uint64_t> scratch;
  const int64_t h = height / 2, w = width / 2, values = h * w * channels;
  for (int64_t r = 0; r < rows; r++) {
    const uint8_t* bytes = drop.threshold ? random_bytes(scratch, drop, row + r, values) : nullptr;
    for (int64_t y = 0; y < h; y++)
      for (int64_t z = 0; z < w; z++) {
        const T* at = x + ((r * height + 2 * y) * width + 2 * z) * channels;
        const int64_t to = (y * w + z) * channels;
        for (int64_t c = 0; c < channels; c += LANES) {
          const int64_t inside = channels - c;
          Vec most = load(at + c, inside);
          __m128i which = _mm_setzero_si128();
          for (int k = 1; k < 4; k++) {
            const Vec other = load(at + ((k >> 1) * width + (k & 1)) * channels + c, inside);
            const __mmask16 more = above(other, most) | no_number(other);
            most = chosen(more, other, most);
            which = _mm_mask_set1_epi8(which, more, (char)k);
          }
          if (relu) {
            which = _mm_mask_set1_epi8(which, (__mmask16)~above(most, Vec{}), NONE);
            most = chosen(below(most, Vec{}), Vec{}, most);
          }
          if (bytes) {
            const __mmask16 stays = kept(bytes + to + c, drop.threshold);
            which = _mm_mask_set1_epi8(which, (__mmask16)~stays, NONE);
            most = chosen(stays, most * splat(drop.scale), Vec{});
          }
          store(out + r * values + to + c, most, inside);
          store_bytes(choice + r * values + to + c, which, inside);
        }
      }
  }
}

// The gradient by the values, from that by what `pooled` gives.
template <class T>
static void pooled_gradient(const T* gradient, const uint8_t* choice, int64_t rows, int64_t height, int64_t width,
                            int64_t channels, float scale, T* out) {
  const int64_t h = height / 2, w = width / 2;
  memset(out, 0, sizeof(T) * rows * height * width * channels);
  for (int64_t r = 0; r < rows; r++)
    for (int64_t y = 0; y < h; y++)
      for (int64_t z = 0; z < w; z++) {
        const int64_t from = ((r * h + y) * w + z) * channels;
        T* to = out + ((r * height + 2 * y) * width + 2 * z) * channels;
        for (int64_t c = 0; c < channels; c += LANES) {
          const int64_t inside = channels - c;
          const Vec g = load(gradient + from + c, inside) * splat(scale);
          const __m128i which = load_bytes(choice + from + c, inside);
          for (int k = 0; k < 4; k++) {
            const __mmask16 here = _mm_cmpeq_epu8_mask(which, _mm_set1_epi8((char)k));
            store(to + ((k >> 1) * width + (k & 1)) * channels + c, chosen(here, g, Vec{}), inside);
          }
        }
      }
}
