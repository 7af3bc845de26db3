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

// Inputs of a strip, as float32, that stay in the first cache while all filters pass over them: some rows of squares of
// an image, or several images that are small.
constexpr int64_t STRIP_BYTES = 40 << 10;
constexpr int64_t BLOCK = 2 * LANES;  // inputs whose sums stay in registers
constexpr int64_t FILTERS = 64;       // filters whose gains of sixteen inputs stay in the first cache

// How a batch is cut: `images` at a time, in `strips` of `rows` rows of squares of each.
struct Cut {
  int64_t images, strips, rows;

  explicit Cut(const Shape& s) {
    const int64_t bytes = s.down() * s.across() * BLOCK * sizeof(float);
    if (bytes <= STRIP_BYTES) {
      images = STRIP_BYTES / bytes;
      strips = 1;
      rows = s.squares_down();
    } else {
      images = 1;
      rows = STRIP_BYTES / (bytes / s.down()) / 2 - 1;
      if (rows < 1) rows = 1;
      strips = (s.squares_down() + rows - 1) / rows;
    }
  }
};

// The outputs with a gradient, filter by filter and, for each, from above: where their input begins, and the gradient.
struct Entries {
  Scratch<float> values;
  Scratch<int32_t> places;
  Scratch<int32_t> bounds;  // of strip s of filter f: from [f * (strips + 1) + s] up to the next one
  int64_t capacity, strips;

  void begin(const Shape& s, const Cut& cut) {
    strips = cut.strips;
    capacity = s.squares() * cut.images + LANES;
    values.of(capacity * s.filters);
    places.of(capacity * s.filters);
    memset(bounds.of((strips + 1) * s.filters), 0, sizeof(int32_t) * (strips + 1) * s.filters);
  }

  // Those of one more image, the inputs of which begin at place `origin`; sums of gradients go into those by the biases.
  void add(const Shape& s, const Cut& cut, const float* gradient, const uint8_t* choice, int64_t origin,
           float* bias_gradient) {
    const int64_t down = s.squares_down(), across = s.squares_across();
    const __m512i steps = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i one = _mm512_set1_epi32(1), row = _mm512_set1_epi32((int)s.across());
    for (int64_t f = 0; f < s.filters; f += LANES) {
      int32_t count[LANES];
      for (int j = 0; j < LANES; j++) count[j] = bounds.at[(f + j) * (strips + 1) + (strips > 1 ? 0 : 1)];
      Vec total = {};
      for (int64_t y = 0; y < down; y++) {
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
          const int64_t corner = origin + 2 * (y * s.across() + x);
          const __m512i base = _mm512_add_epi32(_mm512_set1_epi32((int)corner), steps);
          for (int j = 0; j < LANES; j++) {
            const __m512i which = (__m512i)k[j];
            const __m512i down_by = _mm512_mullo_epi32(_mm512_srli_epi32(which, 1), row);
            const __m512i at = _mm512_add_epi32(base, _mm512_add_epi32(down_by, _mm512_and_si512(which, one)));
            const __mmask16 some = not_zero(g[j]);
            const int64_t to = (f + j) * capacity + count[j];
            _mm512_storeu_ps(values.at + to, _mm512_maskz_compress_ps(some, (__m512)g[j]));
            _mm512_storeu_si512(places.at + to, _mm512_maskz_compress_epi32(some, at));
            count[j] += __builtin_popcount(some);
          }
        }
        if ((y + 1) % cut.rows == 0 || y + 1 == down)
          for (int j = 0; j < LANES; j++) bounds.at[(f + j) * (strips + 1) + y / cut.rows + 1] = count[j];
      }
      store(bias_gradient + f, load(bias_gradient + f) + total);
    }
  }
};

// Adds to the gradient by the gains of J times sixteen inputs from `input` on, which lie one behind the other in `x`,
// place by place; where there are fewer inputs left, zeros.
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
        for (int j = 0; j < J; j++)
          total[t / 3][t % 3][j] = load(own + t * s.inputs + j * LANES, s.inputs - input - j * LANES);
      for (int64_t e = bound[0]; e < bound[1]; e++) {
        const Vec g = splat(value[e]);
        const float* at = x + (int64_t)place[e] * J * LANES;
        for (int y = 0; y < 3; y++, at += line)
          for (int z = 0; z < 3; z++)
            for (int j = 0; j < J; j++) total[y][z][j] += g * load(at + (z * J + j) * LANES);
      }
      for (int t = 0; t < 9; t++)
        for (int j = 0; j < J; j++)
          store(own + t * s.inputs + j * LANES, total[t / 3][t % 3][j], s.inputs - input - j * LANES);
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

// Adds to the gradient by sixteen inputs, over a padded image, what filters `from` up to `from` + FILTERS give; gains lie
// as (filters, 9, 16).
static void add_input_gradient(const Shape& s, const float* gradient, const uint32_t* sets, const float* gains,
                               int64_t from, float* out) {
  const int64_t groups = (s.filters + 31) / 32, line = s.across() * LANES;
  const int64_t end = from + FILTERS < s.filters ? from + FILTERS : s.filters;
  for (int64_t p = 0; p < s.squares(); p++) {
    float* at = out + 2 * (p / s.squares_across()) * line + 2 * (p % s.squares_across()) * LANES;
    Vec piece[4][4];
    for (int y = 0; y < 4; y++)
      for (int z = 0; z < 4; z++) piece[y][z] = load(at + y * line + z * LANES);
    for (int64_t f = from; f < end; f += 32) {
      const uint32_t* set = sets + (p * groups + f / 32) * 4;
      const float* g = gradient + p * s.filters + f;
      const float* w = gains + f * 9 * LANES;
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

// `block` inputs from `input` on of an image, as float32 within a frame of zeros.
template <class T>
static void framed(const Shape& s, const T* image, int64_t input, int64_t block, float* out) {
  if (s.padding) memset(out, 0, sizeof(float) * s.down() * s.across() * block);
  for (int64_t y = 0; y < s.height; y++)
    for (int64_t x = 0; x < s.width; x++)
      for (int64_t j = 0; j < block; j += LANES)
        store(out + ((y + s.padding) * s.across() + x + s.padding) * block + j,
              load(image + (y * s.width + x) * s.inputs + input + j, s.inputs - input - j));
}

// The inside of the frame of sixteen inputs, with `masked` only where the input is above 0.
template <class T>
static void unframed(const Shape& s, const float* found, const T* image, int64_t input, bool masked, T* out) {
  for (int64_t y = 0; y < s.height; y++)
    for (int64_t x = 0; x < s.width; x++) {
      const int64_t at = (y * s.width + x) * s.inputs + input, left = s.inputs - input;
      Vec d = load(found + ((y + s.padding) * s.across() + x + s.padding) * LANES);
      if (masked) d = chosen(above(load(image + at, left), Vec{}), d, Vec{});
      store(out + at, d, left);
    }
}

// Adds to the gradients by gains (filters, 3, 3, inputs) and bias, and writes that by the inputs unless `out` is null.
//
// `gradient` is that by what `pooled` gave, multiplied by `scale` here.  With `masked` the inputs went through ReLU, and
// the gradient is that by what went in.  Filters are counted in sixteens.
template <class T>
static void pooled_convolution_gradients(const Shape& s, int64_t rows, const T* x, const T* gains, const T* gradient,
                                         const uint8_t* choice, float scale, bool masked, float* gains_gradient,
                                         float* bias_gradient, T* out) {
  static thread_local Scratch<float> by_output, inside, by_input, own_gains;
  static thread_local Scratch<uint32_t> set_scratch;
  static thread_local Entries entries;
  const Cut cut(s);
  const int64_t values = s.squares() * s.filters, area = s.down() * s.across(), image = s.height * s.width * s.inputs;
  const int64_t sets_each = s.squares() * ((s.filters + 31) / 32) * 4, blocks = (s.inputs + LANES - 1) / LANES;
  float* g = by_output.of(values * cut.images);
  float* w = own_gains.of(9 * s.filters * blocks * LANES);
  float* place = inside.of(area * BLOCK * cut.images);
  float* found = by_input.of(area * LANES * cut.images);
  uint32_t* sets = set_scratch.of(sets_each * cut.images);
  for (int64_t b = 0; out && b < blocks; b++)
    for (int64_t k = 0; k < 9 * s.filters; k++)
      store(w + (b * s.filters * 9 + k) * LANES, load(gains + k * s.inputs + b * LANES, s.inputs - b * LANES));
  for (int64_t r = 0; r < rows; r += cut.images) {
    const int64_t there = rows - r < cut.images ? rows - r : cut.images;
    entries.begin(s, cut);
    for (int64_t n = 0; n < there; n++) {
      const uint8_t* which = choice + (r + n) * values;
      for (int64_t k = 0; k < values; k += LANES) {
        const __m128i square = _mm_loadu_si128((const __m128i*)(which + k));
        const Vec scaled = load(gradient + (r + n) * values + k) * splat(scale);
        store(g + n * values + k, chosen(_mm_cmplt_epu8_mask(square, _mm_set1_epi8(NONE)), scaled, Vec{}));
      }
      entries.add(s, cut, g + n * values, which, n * area, bias_gradient);
      if (out) collect_sets(s, g + n * values, which, sets + n * sets_each);
    }
    for (int64_t i = 0; i < s.inputs;) {
      const int64_t block = s.inputs - i > LANES ? BLOCK : LANES;
      for (int64_t n = 0; n < there; n++) framed(s, x + (r + n) * image, i, block, place + n * area * block);
      if (block == BLOCK)
        add_gains_gradient<2>(s, entries, place, i, gains_gradient);
      else
        add_gains_gradient<1>(s, entries, place, i, gains_gradient);
      i += block;
    }
    for (int64_t b = 0; out && b < blocks; b++) {
      memset(found, 0, sizeof(float) * area * LANES * there);
      for (int64_t f = 0; f < s.filters; f += FILTERS)
        for (int64_t n = 0; n < there; n++)
          add_input_gradient(s, g + n * values, sets + n * sets_each, w + b * s.filters * 9 * LANES, f,
                             found + n * area * LANES);
      for (int64_t n = 0; n < there; n++)
        unframed(s, found + n * area * LANES, x + (r + n) * image, b * LANES, masked, out + (r + n) * image);
    }
  }
}
