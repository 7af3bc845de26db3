// Optimiser steps: gradients are summed over the threads that found them, and the copies in bfloat16 written on the way.
#pragma once

#include "vectors.h"

// A run of weights, and where their gradients are: `count` numbers in each of `sources` arrays.
struct Run {
  int64_t first, count;
  const void* gradients[8];
  int32_t sources, in_bfloat16;
};

template <class Rule>
static void update(const Rule& rule, const Run* runs, int64_t count, float* weights, float decay, bfloat16* copies) {
  for (int64_t r = 0; r < count; r++) {
    const Run& run = runs[r];
    for (int64_t i = 0; i < run.count; i += LANES) {
      const int64_t inside = run.count - i;
      Vec g = {};
      for (int k = 0; k < run.sources; k++)
        g += run.in_bfloat16 ? load((const bfloat16*)run.gradients[k] + i, inside)
                             : load((const float*)run.gradients[k] + i, inside);
      const int64_t at = run.first + i;
      Vec w = load(weights + at, inside);
      if (decay != 0) g += splat(decay) * w;
      w = rule.moved(w, g, at, inside);
      store(weights + at, w, inside);
      if (copies) store(copies + at, w, inside);
    }
  }
}

// v <- momentum v - rate g; w <- w + v.
struct Sgd {
  float rate, momentum;
  float* velocities;

  Vec moved(Vec w, Vec g, int64_t at, int64_t inside) const {
    const Vec v = splat(momentum) * load(velocities + at, inside) - splat(rate) * g;
    store(velocities + at, v, inside);
    return w + v;
  }
};

// m <- b1 m + (1 - b1) g; v <- b2 v + (1 - b2) g^2; w <- w - rate m / (sqrt(v) + epsilon), bias corrected in the rate.
struct Adam {
  float rate, rest1, beta2, rest2, epsilon;  // the rests are 1 - b1 and 1 - b2, which float32 would round too much
  float *first_moments, *second_moments;

  Vec moved(Vec w, Vec g, int64_t at, int64_t inside) const {
    const Vec before = load(first_moments + at, inside);
    const Vec m = before + splat(rest1) * (g - before);
    const Vec v = splat(beta2) * load(second_moments + at, inside) + splat(rest2) * (g * g);
    store(first_moments + at, m, inside);
    store(second_moments + at, v, inside);
    return w - splat(rate) * m / (root(v) + splat(epsilon));
  }
};
