// Random bytes by counting: word i of a stream is SplitMix64's output i (Steele, Lea and Flood, 2014), so that any part
// of a stream can be had without what stands before it.  gradus.training.random_words is the same in PyTorch.
#pragma once

#include <cstdint>

static inline uint64_t random_word(uint64_t key, uint64_t i) {
  uint64_t z = key + (i + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

static inline void random_words(uint64_t* out, uint64_t key, uint64_t first, int64_t count) {
  for (int64_t i = 0; i < count; i++) out[i] = random_word(key, first + i);
}
