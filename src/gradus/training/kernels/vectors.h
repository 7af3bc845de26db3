// Sixteen numbers at a time: float32 in a register; float32 or bfloat16 in memory.
#pragma once

#include <cstdint>
#include <cstring>
#include <immintrin.h>

#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512DQ__) || !defined(__AVX512VL__)
#error "these kernels need AVX-512 (F, BW, DQ and VL)"
#endif

typedef float Vec __attribute__((vector_size(64)));
typedef uint32_t UVec __attribute__((vector_size(64)));

constexpr int LANES = 16;

struct bfloat16 {
  uint16_t bits;
};

static inline Vec splat(float x) { return (Vec)_mm512_set1_ps(x); }

static inline Vec load(const float* p) { return (Vec)_mm512_loadu_ps(p); }
static inline Vec load(const bfloat16* p) {
  return (Vec)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)p)), 16);
}

// To the nearest bfloat16, ties to even; a number that is no number stays one.
static inline __m256i rounded(Vec x) {
  const __m512i bits = (__m512i)x;
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i up = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
  const __mmask16 nan = _mm512_cmp_ps_mask((__m512)x, (__m512)x, _CMP_UNORD_Q);
  const __m512i whole = _mm512_mask_set1_epi32(up, nan, 0x7fc00000);
  return _mm512_cvtepi32_epi16(_mm512_srli_epi32(whole, 16));
}

static inline void store(float* p, Vec x) { _mm512_storeu_ps(p, (__m512)x); }
static inline void store(bfloat16* p, Vec x) { _mm256_storeu_si256((__m256i*)p, rounded(x)); }

// The first `count` of sixteen or more; those of others are 0.  Masked stores of 8 and 16 bits take a hundred cycles on
// some processors, so that what is left over at an end goes through memory of its own.
template <class T>
static inline Vec load(const T* p, int64_t count) {
  if (__builtin_expect(count >= LANES, 1)) return load(p);
  T rest[LANES] = {};
  memcpy(rest, p, count * sizeof(T));
  return load(rest);
}
template <class T>
static inline void store(T* p, Vec x, int64_t count) {
  if (__builtin_expect(count >= LANES, 1)) return store(p, x);
  T rest[LANES];
  store(rest, x);
  memcpy(p, rest, count * sizeof(T));
}
static inline __m128i load_bytes(const uint8_t* p, int64_t count) {
  if (__builtin_expect(count >= LANES, 1)) return _mm_loadu_si128((const __m128i*)p);
  uint8_t rest[LANES] = {};
  memcpy(rest, p, count);
  return _mm_loadu_si128((const __m128i*)rest);
}
static inline void store_bytes(uint8_t* p, __m128i x, int64_t count) {
  if (__builtin_expect(count >= LANES, 1)) return _mm_storeu_si128((__m128i*)p, x);
  uint8_t rest[LANES];
  _mm_storeu_si128((__m128i*)rest, x);
  memcpy(p, rest, count);
}

static inline Vec chosen(__mmask16 m, Vec yes, Vec no) { return (Vec)_mm512_mask_blend_ps(m, (__m512)no, (__m512)yes); }
static inline __mmask16 above(Vec x, Vec y) { return _mm512_cmp_ps_mask((__m512)x, (__m512)y, _CMP_GT_OQ); }
static inline __mmask16 below(Vec x, Vec y) { return _mm512_cmp_ps_mask((__m512)x, (__m512)y, _CMP_LT_OQ); }
static inline __mmask16 not_zero(Vec x) { return _mm512_cmp_ps_mask((__m512)x, _mm512_setzero_ps(), _CMP_NEQ_UQ); }
static inline __mmask16 no_number(Vec x) { return _mm512_cmp_ps_mask((__m512)x, (__m512)x, _CMP_UNORD_Q); }
static inline Vec root(Vec x) { return (Vec)_mm512_sqrt_ps((__m512)x); }
static inline float sum(Vec x) { return _mm512_reduce_add_ps((__m512)x); }

// Sixteen rows of sixteen become columns.
static inline void transpose(Vec rows[LANES]) {
  __m512 r[LANES], t[LANES];
  memcpy(r, rows, sizeof r);
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 16; i += 4)
    for (int j = 0; j < 2; j++) {
      const __m512d a = _mm512_castps_pd(t[i + j]), b = _mm512_castps_pd(t[i + j + 2]);
      r[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
      r[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
    }
  for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
  }
  for (int i = 0; i < 8; i++) {
    r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
    r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
  }
  memcpy(rows, r, sizeof r);
}
