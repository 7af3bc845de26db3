// Memory that a thread keeps from call to call.
#pragma once

#include <cstddef>
#include <cstdlib>

template <class T>
struct Scratch {
  T* at = nullptr;
  size_t size = 0;

  // At least `count` of them, aligned for a register, with what was there before or anything else in them.
  T* of(size_t count) {
    if (count > size) {
      free(at);
      at = (T*)aligned_alloc(64, (count * sizeof(T) + 63) / 64 * 64);
      if (!at) abort();
      size = count;
    }
    return at;
  }
  ~Scratch() { free(at); }
};
