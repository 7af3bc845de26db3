// Passes over memory that take every number once.
#pragma once

#include "memory.h"
#include "random.h"
#include "vectors.h"

#include <cmath>

// Dropout of a row: bytes below `threshold` of 256 are dropped, the others multiplied by `scale`.
struct Drop {
  uint64_t key;
  int32_t threshold;
  float scale;
};

// The random bytes of a row; each row begins with a word of its own.
static inline const uint8_t* random_bytes(Scratch<uint64_t>& scratch, const Drop& drop, int64_t row, int64_t values) {
  const int64_t words = (values + 7) / 8;
  uint64_t* out = scratch.of(words + 2);  // sixteen are read at a time
  random_words(out, drop.key, (uint64_t)row * words, words);
  return (const uint8_t*)out;
}

static inline __mmask16 kept(const uint8_t* bytes, int threshold) {
  const __m128i b = _mm_loadu_si128((const __m128i*)bytes);
  return threshold > 255 ? 0 : _mm_cmp_epu8_mask(b, _mm_set1_epi8((char)threshold), _MM_CMPINT_NLT);
}

// Bytes as numbers from 0 to 1.
template <class T>
static void scaled(const uint8_t* bytes, T* out, int64_t count) {
  int64_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    const __m512i whole = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i*)(bytes + i)));
    store(out + i, (Vec)_mm512_cvtepi32_ps(whole) / splat(255.0f));
  }
  for (; i < count; i++) {
    const Vec x = splat((float)bytes[i] / 255.0f);
    store(out + i, x, 1);
  }
}

// In place: ReLU, then dropout, of columns [from, from + columns) of rows that are `width` wide as a whole.  Random
// bytes are those of the whole rows, the first of which is row `row` of the stream.
template <class T>
static void activated(T* values, int64_t rows, int64_t columns, int64_t stride, int64_t from, int64_t width, bool relu,
                      const Drop& drop, int64_t row) {
  static thread_local Scratch<uint64_t> scratch;
  for (int64_t r = 0; r < rows; r++) {
    const uint8_t* bytes = drop.threshold ? random_bytes(scratch, drop, row + r, width) : nullptr;
    T* at = values + r * stride;
    for (int64_t c = 0; c < columns; c += LANES) {
      const int64_t inside = columns - c;
      Vec x = load(at + c, inside);
      if (relu) x = chosen(below(x, Vec{}), Vec{}, x);
      if (bytes) x = chosen(kept(bytes + from + c, drop.threshold), x * splat(drop.scale), Vec{});
      store(at + c, x, inside);
    }
  }
}

// In place: the gradient by the inputs of `activated`, from that by its outputs; with ReLU, where an output is not
// above 0 it was dropped or the input was not above 0.
template <class T>
static void activated_gradient(T* gradient, const T* outputs, int64_t rows, int64_t columns, int64_t stride,
                               int64_t outputs_stride, float scale) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < columns; c += LANES) {
      const int64_t inside = columns - c;
      const Vec g = load(gradient + r * stride + c, inside) * splat(scale);
      const Vec y = load(outputs + r * outputs_stride + c, inside);
      store(gradient + r * stride + c, chosen(above(y, Vec{}), g, Vec{}), inside);
    }
}

// Sums over the rows.
template <class T>
static void column_sums(const T* values, int64_t rows, int64_t columns, int64_t stride, float* out) {
  for (int64_t c = 0; c < columns; c += LANES) {
    const int64_t inside = columns - c;
    Vec total = {};
    for (int64_t r = 0; r < rows; r++) total += load(values + r * stride + c, inside);
    store(out + c, total, inside);
  }
}

// Cross-entropy of soft-max against labels, of which a share `smoothing` is spread over all classes: the sum over the
// rows, how many are classified rightly, and the gradient of the sum divided by `count`.
template <class T>
static void cross_entropy(const T* logits, const int64_t* labels, int64_t rows, int64_t classes, double smoothing,
                          int64_t count, T* gradient, double* loss, int64_t* right) {
  static thread_local Scratch<float> scratch;
  float* e = scratch.of(classes + LANES);
  for (int64_t r = 0; r < rows; r++) {
    const T* x = logits + r * classes;
    for (int64_t c = 0; c < classes; c += LANES) store(e + c, load(x + c, classes - c));
    int64_t best = 0;
    for (int64_t c = 1; c < classes; c++)
      if (e[c] > e[best]) best = c;
    const float top = e[best], own = e[labels[r]];
    double total = 0, linear = 0;
    for (int64_t c = 0; c < classes; c++) {
      linear += e[c] - top;
      e[c] = std::exp(e[c] - top);
      total += e[c];
    }
    const double spread = smoothing / (double)classes;
    *loss += std::log(total) - (1 - smoothing) * (double)(own - top) - (spread > 0 ? spread * linear : 0);
    *right += best == labels[r];
    for (int64_t c = 0; c < classes; c += LANES) {
      const int64_t inside = classes - c;
      store(e + c, (load(e + c) / splat((float)total) - splat((float)spread)), inside);
    }
    e[labels[r]] -= (float)(1 - smoothing);
    for (int64_t c = 0; c < classes; c += LANES) {
      const int64_t inside = classes - c;
      store(gradient + r * classes + c, load(e + c) / splat((float)count), inside);
    }
  }
}
