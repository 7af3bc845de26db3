// Batch normalisation over rows of channels, with ReLU behind it.
#pragma once

#include "vectors.h"

constexpr int64_t GROUP = 4 * LANES;  // channels whose sums stay in registers
constexpr int64_t RUN = 256;          // rows that are summed in float32 before they go into doubles

// Adds four vectors' sums to doubles.
static inline void flush(Vec* sums, double* out, int64_t channels) {
  for (int64_t j = 0; j < GROUP && j < channels; j++) out[j] += sums[j / LANES][j % LANES];
  for (int j = 0; j < 4; j++) sums[j] = Vec{};
}

// Sums of the values of each channel, and of their squares.
template <class T>
static void moments(const T* x, int64_t rows, int64_t channels, double* sums, double* squares) {
  for (int64_t c = 0; c < channels; c += GROUP) {
    Vec total[4] = {}, square[4] = {};
    for (int64_t r = 0; r < rows; r++) {
      for (int64_t j = 0; j < 4 && c + j * LANES < channels; j++) {
        const Vec v = load(x + r * channels + c + j * LANES, channels - c - j * LANES);
        total[j] += v;
        square[j] += v * v;
      }
      if (r % RUN == RUN - 1 || r == rows - 1) {
        flush(total, sums + c, channels - c);
        flush(square, squares + c, channels - c);
      }
    }
  }
}

// y = factor x + offset, then ReLU.
template <class T>
static void normalised(const T* x, int64_t rows, int64_t channels, const float* factor, const float* offset, bool relu,
                       T* y) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < channels; c += LANES) {
      const int64_t left = channels - c, at = r * channels + c;
      Vec v = load(x + at, left) * load(factor + c, left) + load(offset + c, left);
      if (relu) v = chosen(below(v, Vec{}), Vec{}, v);
      store(y + at, v, left);
    }
}

// Sums over each channel of the gradient by what goes into ReLU, and of its product with x.
template <class T>
static void gradient_moments(const T* gradient, const T* x, const T* y, int64_t rows, int64_t channels, bool relu,
                             double* sums, double* products) {
  for (int64_t c = 0; c < channels; c += GROUP) {
    Vec total[4] = {}, product[4] = {};
    for (int64_t r = 0; r < rows; r++) {
      for (int64_t j = 0; j < 4 && c + j * LANES < channels; j++) {
        const int64_t left = channels - c - j * LANES, at = r * channels + c + j * LANES;
        Vec g = load(gradient + at, left);
        if (relu) g = chosen(above(load(y + at, left), Vec{}), g, Vec{});
        total[j] += g;
        product[j] += g * load(x + at, left);
      }
      if (r % RUN == RUN - 1 || r == rows - 1) {
        flush(total, sums + c, channels - c);
        flush(product, products + c, channels - c);
      }
    }
  }
}

// The gradient by x: factor g + slope x + offset, g being that by what goes into ReLU.
template <class T>
static void normalised_gradient(const T* gradient, const T* x, const T* y, int64_t rows, int64_t channels, bool relu,
                                const float* factor, const float* slope, const float* offset, T* out) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < channels; c += LANES) {
      const int64_t left = channels - c, at = r * channels + c;
      Vec g = load(gradient + at, left);
      if (relu) g = chosen(above(load(y + at, left), Vec{}), g, Vec{});
      store(out + at, load(factor + c, left) * g + load(slope + c, left) * load(x + at, left) + load(offset + c, left),
            left);
    }
}
