// Batch normalisation over rows of channels, with ReLU behind it.
#pragma once

#include "vectors.h"

constexpr int64_t GROUP = 4 * LANES;  // channels whose sums stay in registers
constexpr int64_t RUN = 32;           // rows that are summed in float32 before they go into doubles

// Adds four vectors' sums to doubles, and begins anew.
static inline void flush(Vec* sums, double* out) {
  for (int j = 0; j < 8; j++) {
    const __m256 half = _mm512_extractf32x8_ps((__m512)sums[j / 2], 0);
    const __m256 other = _mm512_extractf32x8_ps((__m512)sums[j / 2], 1);
    const __m512d added = _mm512_cvtps_pd(j % 2 ? other : half);
    _mm512_storeu_pd(out + j * 8, _mm512_add_pd(_mm512_loadu_pd(out + j * 8), added));
  }
  for (int j = 0; j < 4; j++) sums[j] = Vec{};
}

// The first row of a group of channels: sums of differences from it stay small where a channel's values lie close
// together far from 0.
template <class T>
static inline void origin(const T* x, int64_t channels, Vec* out) {
  for (int64_t j = 0; j < 4; j++) out[j] = j * LANES < channels ? load(x + j * LANES, channels - j * LANES) : Vec{};
}

// Sums of the values of each channel, and of their squares.
template <class T>
static void moments(const T* x, int64_t rows, int64_t channels, double* sums, double* squares) {
  for (int64_t c = 0; c < channels; c += GROUP) {
    Vec total[4] = {}, square[4] = {}, from[4];
    double sum[GROUP] = {}, squared[GROUP] = {};
    if (rows) origin(x + c, channels - c, from);
    for (int64_t r = 0; r < rows; r++) {
      for (int64_t j = 0; j < 4 && c + j * LANES < channels; j++) {
        const Vec v = load(x + r * channels + c + j * LANES, channels - c - j * LANES) - from[j];
        total[j] += v;
        square[j] += v * v;
      }
      if (r % RUN == RUN - 1 || r == rows - 1) {
        flush(total, sum);
        flush(square, squared);
      }
    }
    for (int64_t j = 0; rows && j < GROUP && c + j < channels; j++) {
      const double o = from[j / LANES][j % LANES];
      sums[c + j] += sum[j] + (double)rows * o;
      squares[c + j] += squared[j] + 2 * o * sum[j] + (double)rows * o * o;
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
    Vec total[4] = {}, product[4] = {}, from[4];
    double sum[GROUP] = {}, multiplied[GROUP] = {};
    if (rows) origin(x + c, channels - c, from);
    for (int64_t r = 0; r < rows; r++) {
      for (int64_t j = 0; j < 4 && c + j * LANES < channels; j++) {
        const int64_t left = channels - c - j * LANES, at = r * channels + c + j * LANES;
        Vec g = load(gradient + at, left);
        if (relu) g = chosen(above(load(y + at, left), Vec{}), g, Vec{});
        total[j] += g;
        product[j] += g * (load(x + at, left) - from[j]);
      }
      if (r % RUN == RUN - 1 || r == rows - 1) {
        flush(total, sum);
        flush(product, multiplied);
      }
    }
    for (int64_t j = 0; rows && j < GROUP && c + j < channels; j++) {
      sums[c + j] += sum[j];
      products[c + j] += multiplied[j] + (double)from[j / LANES][j % LANES] * sum[j];
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
