// The gradients of a 3 x 3 convolution whose outputs go into the maximum of 2 x 2 squares.
//
// Of the four outputs in a square at most one has a gradient, and with ReLU and dropout behind the maximum often none.
// Both gradients are sums over the outputs whose gradient is not 0, in float32: a quarter of the products and fewer.
#pragma once

#include "pooling.h"

struct Shape {
  int64_t height, width, inputs, filters, padding;
  int64_t across() const { return width + 2 * padding; }   // of the padded input
  int64_t down() const { return height + 2 * padding; }
  int64_t squares_across() const { return (across() - 2) / 2; }
  int64_t squares_down() const { return (down() - 2) / 2; }
  int64_t squares() const { return squares_across() * squares_down(); }
};

constexpr int STRIP = 2;  // rows of squares whose inputs stay in the first cache while all filters pass over them

// The outputs with a gradient, filter by filter and, for each, from above: where their input begins, and the gradient.
struct Entries {
  Scratch<float> values;
  Scratch<int32_t> places;
  Scratch<int32_t> bounds;  // of strip s of filter f: from [f * (strips + 1) + s] up to the next one
  int64_t capacity, strips;

  void collect(const Shape& s, const float* gradient, const uint8_t* choice, float* bias_gradient) {
    const int64_t down = s.squares_down(), across = s.squares_across();
    strips = (down + STRIP - 1) / STRIP;
    capacity = s.squares() + LANES;
    float* value = values.of(capacity * s.filters);
    int32_t* place = places.of(capacity * s.filters);
    int32_t* bound = bounds.of((strips + 1) * s.filters);
    const __m512i steps = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i one = _mm512_set1_epi32(1), row = _mm512_set1_epi32((int)s.across());
    for (int64_t f = 0; f < s.filters; f += LANES) {
      int32_t count[LANES] = {0};
      Vec total = {};
      for (int64_t y = 0; y < down; y++) {
        if (y % STRIP == 0)
          for (int j = 0; j < LANES; j++) bound[(f + j) * (strips + 1) + y / STRIP] = count[j];
        for (int64_t x = 0; x < across; x += LANES) {
          Vec g[LANES], k[LANES];
          const int64_t there = across - x < LANES ? across - x : LANES;
          for (int64_t j = 0; j < there; j++) {
            const int64_t at = (y * across + x + j) * s.filters + f;
            g[j] = load(gradient + at);
            k[j] = (Vec)_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i*)(choice + at)));
            total += g[j];
          }
          for (int64_t j = there; j < LANES; j++) g[j] = k[j] = Vec{};
          transpose(g);
          transpose(k);
          const __m512i base = _mm512_add_epi32(_mm512_set1_epi32((int)(2 * (y * s.across() + x))), steps);
          for (int j = 0; j < LANES; j++) {
            const __m512i which = (__m512i)k[j];
            const __m512i down_by = _mm512_mullo_epi32(_mm512_srli_epi32(which, 1), row);
            const __m512i at = _mm512_add_epi32(base, _mm512_add_epi32(down_by, _mm512_and_si512(which, one)));
            const __mmask16 some = not_zero(g[j]);
            const int64_t to = (f + j) * capacity + count[j];
            _mm512_storeu_ps(value + to, _mm512_maskz_compress_ps(some, (__m512)g[j]));
            _mm512_storeu_si512(place + to, _mm512_maskz_compress_epi32(some, at));
            count[j] += __builtin_popcount(some);
          }
        }
      }
      for (int j = 0; j < LANES; j++) bound[(f + j) * (strips + 1) + strips] = count[j];
      store(bias_gradient + f, load(bias_gradient + f) + total);
    }
  }
};

// Adds to the gradient by the gains of J times sixteen inputs, which lie one behind the other in `x`, place by place.
template <int J>
static void add_gains_gradient(const Shape& s, Entries& entries, const float* x, int64_t input, float* gradient) {
  const int64_t line = s.across() * J * LANES;
  for (int64_t strip = 0; strip < entries.strips; strip++)
    for (int64_t f = 0; f < s.filters; f++) {
      const int32_t* bound = entries.bounds.at + f * (entries.strips + 1) + strip;
      if (bound[0] == bound[1]) continue;
      const float* value = entries.values.at + f * entries.capacity;
      const int32_t* place = entries.places.at + f * entries.capacity;
      float* own = gradient + f * 9 * s.inputs + input;
      Vec total[3][3][J];
      for (int t = 0; t < 9; t++)
        for (int j = 0; j < J; j++) total[t / 3][t % 3][j] = load(own + t * s.inputs + j * LANES);
      for (int64_t e = bound[0]; e < bound[1]; e++) {
        const Vec g = splat(value[e]);
        const float* at = x + (int64_t)place[e] * J * LANES;
        for (int y = 0; y < 3; y++, at += line)
          for (int z = 0; z < 3; z++)
            for (int j = 0; j < J; j++) total[y][z][j] += g * load(at + (z * J + j) * LANES);
      }
      for (int t = 0; t < 9; t++)
        for (int j = 0; j < J; j++) store(own + t * s.inputs + j * LANES, total[t / 3][t % 3][j]);
    }
}

// Adds to a piece of 4 x 4 inputs what the filters in `these` give whose output is at (Y, Z) of its square.
template <int Y, int Z>
static inline __attribute__((always_inline)) void add_to_piece(Vec piece[4][4], uint32_t these, const float* gradient,
                                                               const float* gains) {
  while (these) {
    const int f = __builtin_ctz(these);
    these &= these - 1;
    const Vec g = splat(gradient[f]);
    const float* own = gains + f * 9 * LANES;
    for (int y = 0; y < 3; y++)
      for (int z = 0; z < 3; z++) piece[Y + y][Z + z] += g * load(own + (y * 3 + z) * LANES);
  }
}

// The gradient by sixteen inputs, over the padded image; gains lie as (filters, 9, 16).
static void input_gradient(const Shape& s, const float* gradient, const uint32_t* sets, const float* gains, float* out) {
  const int64_t groups = (s.filters + 31) / 32, line = s.across() * LANES;
  memset(out, 0, sizeof(float) * s.down() * line);
  for (int64_t p = 0; p < s.squares(); p++) {
    float* at = out + 2 * (p / s.squares_across()) * line + 2 * (p % s.squares_across()) * LANES;
    Vec piece[4][4];
    for (int y = 0; y < 4; y++)
      for (int z = 0; z < 4; z++) piece[y][z] = load(at + y * line + z * LANES);
    for (int64_t group = 0; group < groups; group++) {
      const uint32_t* set = sets + (p * groups + group) * 4;
      const float* g = gradient + p * s.filters + group * 32;
      const float* w = gains + group * 32 * 9 * LANES;
      add_to_piece<0, 0>(piece, set[0], g, w);
      add_to_piece<0, 1>(piece, set[1], g, w);
      add_to_piece<1, 0>(piece, set[2], g, w);
      add_to_piece<1, 1>(piece, set[3], g, w);
    }
    for (int y = 0; y < 4; y++)
      for (int z = 0; z < 4; z++) store(at + y * line + z * LANES, piece[y][z]);
  }
}

// For every square and group of 32 filters, four sets: those whose output with a gradient is at each of its places.
static void collect_sets(const Shape& s, const float* gradient, const uint8_t* choice, uint32_t* sets) {
  for (int64_t p = 0; p < s.squares(); p++)
    for (int64_t f = 0; f < s.filters; f += 32, sets += 4) {
      sets[0] = sets[1] = sets[2] = sets[3] = 0;
      for (int64_t half = 0; half < 2 && f + half * LANES < s.filters; half++) {
        const int64_t at = p * s.filters + f + half * LANES;
        const __mmask16 some = not_zero(load(gradient + at));
        const __m128i which = _mm_loadu_si128((const __m128i*)(choice + at));
        for (int k = 0; k < 4; k++)
          sets[k] |= (uint32_t)_mm_mask_cmpeq_epu8_mask(some, which, _mm_set1_epi8((char)k)) << (LANES * half);
      }
    }
}

// Adds to the gradients by gains (filters, 3, 3, inputs) and bias, and writes that by the inputs unless `out` is null.
//
// `gradient` is that by what `pooled` gave, multiplied by `scale` here.  With `masked` the inputs went through ReLU, and
// the gradient is that by what went in.  Inputs and filters are counted in sixteens.
template <class T>
static void pooled_convolution_gradients(const Shape& s, int64_t rows, const T* x, const T* gains, const T* gradient,
                                         const uint8_t* choice, float scale, bool masked, float* gains_gradient,
                                         float* bias_gradient, T* out) {
  static thread_local Scratch<float> by_output, padded, by_input, own_gains;
  static thread_local Scratch<uint32_t> set_scratch;
  static thread_local Entries entries;
  const int64_t values = s.squares() * s.filters, area = s.down() * s.across(), image = s.height * s.width * s.inputs;
  float* g = by_output.of(values);
  float* w = own_gains.of(9 * s.filters * s.inputs);
  uint32_t* sets = set_scratch.of(s.squares() * ((s.filters + 31) / 32) * 4);
  for (int64_t i = 0; out && i < s.inputs; i += LANES)
    for (int64_t k = 0; k < 9 * s.filters; k++)
      store(w + (i * s.filters * 9 / LANES + k) * LANES, load(gains + k * s.inputs + i));
  for (int64_t r = 0; r < rows; r++) {
    const uint8_t* which = choice + r * values;
    for (int64_t k = 0; k < values; k += LANES) {
      const __m128i place = _mm_loadu_si128((const __m128i*)(which + k));
      const Vec scaled = load(gradient + r * values + k) * splat(scale);
      store(g + k, chosen(_mm_cmplt_epu8_mask(place, _mm_set1_epi8(NONE)), scaled, Vec{}));
    }
    entries.collect(s, g, which, bias_gradient);
    const T* from = x + r * image;
    for (int64_t i = 0; i < s.inputs;) {
      const int64_t block = s.inputs - i >= 2 * LANES ? 2 * LANES : LANES;
      float* place = padded.of(area * 2 * LANES);
      if (s.padding) memset(place, 0, sizeof(float) * area * block);
      for (int64_t y = 0; y < s.height; y++)
        for (int64_t z = 0; z < s.width; z++)
          for (int64_t j = 0; j < block; j += LANES)
            store(place + ((y + s.padding) * s.across() + z + s.padding) * block + j,
                  load(from + (y * s.width + z) * s.inputs + i + j));
      if (block == 2 * LANES)
        add_gains_gradient<2>(s, entries, place, i, gains_gradient);
      else
        add_gains_gradient<1>(s, entries, place, i, gains_gradient);
      i += block;
    }
    if (!out) continue;
    collect_sets(s, g, which, sets);
    for (int64_t i = 0; i < s.inputs; i += LANES) {
      float* found = by_input.of(area * LANES);
      input_gradient(s, g, sets, w + i * s.filters * 9, found);
      for (int64_t y = 0; y < s.height; y++)
        for (int64_t z = 0; z < s.width; z++) {
          const int64_t at = (y * s.width + z) * s.inputs + i;
          Vec d = load(found + ((y + s.padding) * s.across() + z + s.padding) * LANES);
          if (masked) d = chosen(above(load(from + at), Vec{}), d, Vec{});
          store(out + r * image + at, d);
        }
    }
  }
}
