// Convolutions of images with few channels, such as a network's first one: so few products a number that libraries made
// for many channels spend most of their time on other things.
//
// The taps of a row of the window lie one behind the other in memory, since pixels keep their channels together.
#pragma once

#include "memory.h"
#include "vectors.h"

struct Window {
  int64_t height, width, channels;  // of the images
  int64_t filters, down, across;    // of the gains
  int64_t top, left;                // rows and columns of zeros that come before the image
  int64_t out_height, out_width;
  int64_t taps() const { return across * channels; }  // of a row
  int64_t line() const { return (out_width + across - 1) * channels; }
  int64_t lines() const { return out_height + down - 1; }
};

constexpr int64_t MOST_TAPS = 12;
constexpr int64_t AT_ONCE = 2 * LANES;  // filters
constexpr int PIXELS = 8;               // whose sums stay in registers

static inline float number(float x) { return x; }
static inline float number(bfloat16 x) {
  const uint32_t bits = (uint32_t)x.bits << 16;
  float found;
  memcpy(&found, &bits, sizeof found);
  return found;
}

// One tap after the other, in float32.
struct OneByOne {
  typedef float In;
  static constexpr int64_t STEP = 1;
  template <class T>
  static In read(T x) { return number(x); }
  static constexpr uint32_t ALONE = 0;
  static Vec add(Vec sum, const In* x, Vec gains, uint32_t) { return sum + splat(*x) * gains; }
};

#ifdef __AVX512BF16__
// Two taps at a time, added up in float32; an odd last one alone, since 0 times what lies behind it may be no number.
struct InPairs {
  typedef bfloat16 In;
  static constexpr int64_t STEP = 2;
  static In read(bfloat16 x) { return x; }
  static constexpr uint32_t ALONE = 0xffff;
  static Vec add(Vec sum, const In* x, Vec gains, uint32_t mask) {
    uint32_t both;
    memcpy(&both, x, sizeof both);
    return (Vec)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_epi32((int)(both & mask)), (__m512bh)gains);
  }
};
#endif

template <class T>
struct Products { typedef OneByOne Of; };
#ifdef __AVX512BF16__
template <>
struct Products<bfloat16> { typedef InPairs Of; };
#endif

// The image with zeros around it.
template <class By, class T>
static void surrounded(const Window& w, const T* image, typename By::In* out) {
  const int64_t whole = w.width * w.channels;
  memset((void*)out, 0, w.lines() * w.line() * sizeof *out);
  for (int64_t y = 0; y < w.height; y++) {
    typename By::In* to = out + (y + w.top) * w.line() + w.left * w.channels;
    for (int64_t i = 0; i < whole; i++) to[i] = By::read(image[y * whole + i]);
  }
}

// Gains of thirty-two filters from `filter` on, STEP taps in each lane; zeros where there are no more taps or filters.
template <class By, class T>
static void arranged(const Window& w, const T* gains, int64_t filter, Vec* out) {
  typedef typename By::In In;
  const int64_t groups = (w.taps() + By::STEP - 1) / By::STEP;
  for (int64_t line = 0; line < w.down; line++)
    for (int64_t group = 0; group < groups; group++)
      for (int64_t half = 0; half < 2; half++) {
        In lanes[LANES * By::STEP] = {};
        for (int64_t lane = 0; lane < LANES && filter + half * LANES + lane < w.filters; lane++)
          for (int64_t tap = 0; tap < By::STEP && group * By::STEP + tap < w.taps(); tap++)
            lanes[lane * By::STEP + tap] = By::read(
                gains[((filter + half * LANES + lane) * w.down + line) * w.taps() + group * By::STEP + tap]);
        memcpy(out++, lanes, sizeof lanes);
      }
}

// N neighbouring outputs of thirty-two filters.
template <int N, class By, class T>
static inline void outputs(const Window& w, const typename By::In* x, const Vec* gains, const Vec* start, bool relu,
                           int64_t filters, T* out) {
  Vec sum[N][2];
  for (int p = 0; p < N; p++) sum[p][0] = start[0], sum[p][1] = start[1];
  for (int64_t line = 0; line < w.down; line++)
    for (int64_t tap = 0; tap < w.taps(); tap += By::STEP, gains += 2) {
      const typename By::In* at = x + line * w.line() + tap;
      const uint32_t mask = tap + 1 == w.taps() ? By::ALONE : ~0u;
#pragma GCC unroll 8
      for (int p = 0; p < N; p++) {
        sum[p][0] = By::add(sum[p][0], at + p * w.channels, gains[0], mask);
        sum[p][1] = By::add(sum[p][1], at + p * w.channels, gains[1], mask);
      }
    }
  for (int p = 0; p < N; p++)
    for (int half = 0; half < 2 && half * LANES < filters; half++) {
      Vec v = sum[p][half];
      if (relu) v = chosen(below(v, Vec{}), Vec{}, v);
      store(out + p * w.filters + half * LANES, v, filters - half * LANES);
    }
}

// A convolution, and ReLU after it.
template <class T>
static void first_convolution(const Window& w, int64_t rows, const T* images, const T* gains, const T* bias, bool relu,
                              T* out) {
  typedef typename Products<T>::Of By;
  static thread_local Scratch<typename By::In> scratch;
  static thread_local Scratch<Vec> kept;
  typename By::In* x = scratch.of(w.lines() * w.line() + 1);  // what lies behind an odd last tap is read
  const int64_t groups = 2 * w.down * ((w.taps() + By::STEP - 1) / By::STEP);
  const int64_t blocks = (w.filters + AT_ONCE - 1) / AT_ONCE;
  Vec* own = kept.of(blocks * groups);
  for (int64_t b = 0; b < blocks; b++) arranged<By>(w, gains, b * AT_ONCE, own + b * groups);
  for (int64_t n = 0; n < rows; n++) {
    surrounded<By>(w, images + n * w.height * w.width * w.channels, x);
    for (int64_t b = 0; b < blocks; b++) {
      const int64_t filter = b * AT_ONCE, left = w.filters - filter;
      Vec start[2] = {};
      for (int64_t half = 0; bias && half < 2 && half * LANES < left; half++)
        start[half] = load(bias + filter + half * LANES, left - half * LANES);
      for (int64_t y = 0; y < w.out_height; y++) {
        T* to = out + (n * w.out_height + y) * w.out_width * w.filters + filter;
        const typename By::In* from = x + y * w.line();
        int64_t p = 0;
        for (; p + PIXELS <= w.out_width; p += PIXELS)
          outputs<PIXELS, By>(w, from + p * w.channels, own + b * groups, start, relu, left, to + p * w.filters);
        for (; p < w.out_width; p++)
          outputs<1, By>(w, from + p * w.channels, own + b * groups, start, relu, left, to + p * w.filters);
      }
    }
  }
}

// Adds what one image gives of the gradient by TAPS gains of each of thirty-two filters, and by their biases.
template <int TAPS, class T>
static void add_row_of_gains(const Window& w, const float* x, const T* gradient, int64_t filters, float* gains,
                             float* bias) {
  Vec sum[TAPS][2] = {}, total[2] = {};
  for (int64_t y = 0; y < w.out_height; y++)
    for (int64_t p = 0; p < w.out_width; p++) {
      const T* at = gradient + (y * w.out_width + p) * w.filters;
      const Vec g[2] = {load(at, filters), filters > LANES ? load(at + LANES, filters - LANES) : Vec{}};
      const float* own = x + y * w.line() + p * w.channels;
      for (int half = 0; half < 2; half++) {
        total[half] += g[half];
#pragma GCC unroll 12
        for (int tap = 0; tap < TAPS; tap++) sum[tap][half] += splat(own[tap]) * g[half];
      }
    }
  float found[TAPS + 1][AT_ONCE];
#pragma GCC unroll 12
  for (int tap = 0; tap < TAPS; tap++)
    for (int half = 0; half < 2; half++) store(found[tap] + half * LANES, sum[tap][half]);
  for (int half = 0; half < 2; half++) store(found[TAPS] + half * LANES, total[half]);
  for (int64_t f = 0; f < filters && f < AT_ONCE; f++) {
    for (int tap = 0; tap < TAPS; tap++) gains[f * w.down * TAPS + tap] += found[tap][f];
    if (bias) bias[f] += found[TAPS][f];
  }
}

template <int TAPS = MOST_TAPS, class T>
static void add_row_of_gains_of(const Window& w, const float* x, const T* gradient, int64_t filters, float* gains,
                                float* bias) {
  if (w.taps() == TAPS) return add_row_of_gains<TAPS>(w, x, gradient, filters, gains, bias);
  if constexpr (TAPS > 1)
    add_row_of_gains_of<TAPS - 1>(w, x, gradient, filters, gains, bias);
  else
    abort();  // more than MOST_TAPS
}

// The gradients by gains and biases, in float32; added up image by image.
template <class T>
static void first_convolution_gradients(const Window& w, int64_t rows, const T* images, const T* gradient, float* gains,
                                        float* bias) {
  static thread_local Scratch<float> scratch;
  float* x = scratch.of(w.lines() * w.line());
  memset(gains, 0, w.filters * w.down * w.taps() * sizeof(float));
  if (bias) memset(bias, 0, w.filters * sizeof(float));
  for (int64_t n = 0; n < rows; n++) {
    surrounded<OneByOne>(w, images + n * w.height * w.width * w.channels, x);
    for (int64_t filter = 0; filter < w.filters; filter += AT_ONCE)
      for (int64_t line = 0; line < w.down; line++)
        add_row_of_gains_of(w, x + line * w.line(), gradient + n * w.out_height * w.out_width * w.filters + filter,
                            w.filters - filter, gains + (filter * w.down + line) * w.taps(),
                            bias && !line ? bias + filter : nullptr);
  }
}
