// Batch normalisation over rows of channels, with ReLU behind it.
#pragma once

#include "barrier.h"
#include "memory.h"
#include "vectors.h"

#include <cmath>

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

// Where the threads of a team add up two sums a channel: `parts` holds those of each, one thread after the other.
struct Sums {
  Barrier* barrier;  // none for one thread alone
  double* parts;
  int size, rank;

  double* mine(int64_t channels) const {
    double* found = parts + rank * 2 * channels;
    memset(found, 0, 2 * channels * sizeof(double));
    return found;
  }
  bool wait() const { return !barrier || barrier->wait(); }
  double total(int64_t place, int64_t channels) const {
    double found = 0;
    for (int s = 0; s < size; s++) found += parts[s * 2 * channels + place];
    return found;
  }
};

// Normalises by the mean and variance of the whole batch, which has `count` values a channel; they go into `mean` and
// `factor` = 1 / sqrt(variance + epsilon), and from the first thread into `latest`.  False: the barrier broke.
template <class T>
static bool batch_normalised(const T* x, int64_t rows, int64_t channels, int64_t count, const float* shift,
                             double epsilon, bool relu, const Sums& sums, double* mean, double* factor, float* latest,
                             T* y) {
  double* mine = sums.mine(channels);
  moments(x, rows, channels, mine, mine + channels);
  if (!sums.wait()) return false;
  static thread_local Scratch<float> scratch;
  float* narrow = scratch.of(2 * channels);
  for (int64_t c = 0; c < channels; c++) {
    mean[c] = sums.total(c, channels) / (double)count;
    double variance = sums.total(channels + c, channels) / (double)count - mean[c] * mean[c];
    if (variance < 0) variance = 0;  // rounding
    if (!sums.rank) {
      latest[c] = (float)mean[c];
      latest[channels + c] = (float)variance;
    }
    factor[c] = 1 / std::sqrt(variance + epsilon);
    narrow[c] = (float)factor[c];
    narrow[channels + c] = (float)(shift[c] - mean[c] * factor[c]);
  }
  normalised(x, rows, channels, narrow, narrow + channels, relu, y);
  return true;
}

// The gradient by x, from that by what `batch_normalised` gave; that by the shift is this thread's part.
// With z = (x - mean) factor the gradient by x is factor (g - mean(g) - z mean(g z)).
template <class T>
static bool batch_normalised_gradient(const T* gradient, const T* x, const T* y, int64_t rows, int64_t channels,
                                      int64_t count, bool relu, const Sums& sums, const double* mean,
                                      const double* factor, float* shift_gradient, T* out) {
  double* mine = sums.mine(channels);
  gradient_moments(gradient, x, y, rows, channels, relu, mine, mine + channels);
  for (int64_t c = 0; c < channels; c++) shift_gradient[c] = (float)mine[c];
  if (!sums.wait()) return false;
  static thread_local Scratch<float> scratch;
  float* narrow = scratch.of(3 * channels);
  for (int64_t c = 0; c < channels; c++) {
    const double total = sums.total(c, channels), product = sums.total(channels + c, channels);
    const double along = factor[c] * (product - mean[c] * total) / (double)count;
    const double slope = -factor[c] * factor[c] * along;
    narrow[c] = (float)factor[c];
    narrow[channels + c] = (float)slope;
    narrow[2 * channels + c] = (float)(-factor[c] * total / (double)count - mean[c] * slope);
  }
  normalised_gradient(gradient, x, y, rows, channels, relu, narrow, narrow + channels, narrow + 2 * channels, out);
  return true;
}
