// What gradus.training.kernels calls.  Types: b is bfloat16, f is float32.
#include "augmentation.h"
#include "barrier.h"
#include "first_convolution.h"
#include "normalisation.h"
#include "pooled_convolution.h"
#include "update.h"

#define FOR_BOTH(DEFINE) DEFINE(b, bfloat16) DEFINE(f, float)

extern "C" {

#define DEFINE(S, T)                                                                                                   \
  void scaled_##S(const uint8_t* bytes, T* out, int64_t count) { scaled(bytes, out, count); }                          \
  void activated_##S(T* values, int64_t rows, int64_t columns, int64_t stride, int64_t from, int64_t width, int relu,  \
                     uint64_t key, int threshold, float scale, int64_t row) {                                          \
    activated(values, rows, columns, stride, from, width, relu, Drop{key, threshold, scale}, row);                     \
  }                                                                                                                    \
  void activated_gradient_##S(T* gradient, const T* outputs, int64_t rows, int64_t columns, int64_t stride,            \
                              int64_t outputs_stride, float scale) {                                                   \
    activated_gradient(gradient, outputs, rows, columns, stride, outputs_stride, scale);                               \
  }                                                                                                                    \
  void column_sums_##S(const T* values, int64_t rows, int64_t columns, int64_t stride, float* out) {                   \
    column_sums(values, rows, columns, stride, out);                                                                   \
  }                                                                                                                    \
  void cross_entropy_##S(const T* logits, const int64_t* labels, int64_t rows, int64_t classes, double smoothing,      \
                         int64_t count, T* gradient, double* loss, int64_t* right) {                                   \
    cross_entropy(logits, labels, rows, classes, smoothing, count, gradient, loss, right);                             \
  }                                                                                                                    \
  void pooled_##S(const T* x, int64_t rows, int64_t height, int64_t width, int64_t channels, int relu, uint64_t key,   \
                  int threshold, float scale, int64_t row, T* out, uint8_t* choice) {                                  \
    pooled(x, rows, height, width, channels, relu, Drop{key, threshold, scale}, row, out, choice);                     \
  }                                                                                                                    \
  void pooled_gradient_##S(const T* gradient, const uint8_t* choice, int64_t rows, int64_t height, int64_t width,      \
                           int64_t channels, float scale, T* out) {                                                    \
    pooled_gradient(gradient, choice, rows, height, width, channels, scale, out);                                      \
  }                                                                                                                    \
  void moments_##S(const T* x, int64_t rows, int64_t channels, double* sums, double* squares) {                         \
    moments(x, rows, channels, sums, squares);                                                                         \
  }                                                                                                                    \
  void normalised_##S(const T* x, int64_t rows, int64_t channels, const float* factor, const float* offset, int relu,  \
                      T* y) {                                                                                          \
    normalised(x, rows, channels, factor, offset, relu, y);                                                            \
  }                                                                                                                    \
  void gradient_moments_##S(const T* gradient, const T* x, const T* y, int64_t rows, int64_t channels, int relu,       \
                            double* sums, double* products) {                                                          \
    gradient_moments(gradient, x, y, rows, channels, relu, sums, products);                                            \
  }                                                                                                                    \
  void normalised_gradient_##S(const T* gradient, const T* x, const T* y, int64_t rows, int64_t channels, int relu,    \
                               const float* factor, const float* slope, const float* offset, T* out) {                 \
    normalised_gradient(gradient, x, y, rows, channels, relu, factor, slope, offset, out);                             \
  }                                                                                                                    \
  int batch_normalised_##S(const T* x, int64_t rows, int64_t channels, int64_t count, const float* shift,              \
                           double epsilon, int relu, void* barrier, double* parts, int size, int rank, double* mean,   \
                           double* factor, float* latest, T* y) {                                                      \
    return batch_normalised(x, rows, channels, count, shift, epsilon, relu, Sums{(Barrier*)barrier, parts, size, rank},\
                            mean, factor, latest, y);                                                                  \
  }                                                                                                                    \
  int batch_normalised_gradient_##S(const T* gradient, const T* x, const T* y, int64_t rows, int64_t channels,         \
                                    int64_t count, int relu, void* barrier, double* parts, int size, int rank,         \
                                    const double* mean, const double* factor, float* shift_gradient, T* out) {         \
    return batch_normalised_gradient(gradient, x, y, rows, channels, count, relu,                                      \
                                     Sums{(Barrier*)barrier, parts, size, rank}, mean, factor, shift_gradient, out);   \
  }                                                                                                                    \
  void first_convolution_##S(const T* images, int64_t rows, int64_t height, int64_t width, int64_t channels,           \
                             int64_t filters, int64_t down, int64_t across, int64_t top, int64_t left,                 \
                             int64_t out_height, int64_t out_width, const T* gains, const T* bias, int relu, T* out) { \
    const Window w{height, width, channels, filters, down, across, top, left, out_height, out_width};                  \
    first_convolution(w, rows, images, gains, bias, relu, out);                                                        \
  }                                                                                                                    \
  void first_convolution_gradients_##S(const T* images, int64_t rows, int64_t height, int64_t width, int64_t channels, \
                                       int64_t filters, int64_t down, int64_t across, int64_t top, int64_t left,       \
                                       int64_t out_height, int64_t out_width, const T* gradient,                       \
                                       float* gains_gradient, float* bias_gradient) {                                  \
    const Window w{height, width, channels, filters, down, across, top, left, out_height, out_width};                  \
    first_convolution_gradients(w, rows, images, gradient, gains_gradient, bias_gradient);                             \
  }                                                                                                                    \
  void pooled_convolution_gradients_##S(int64_t rows, int64_t height, int64_t width, int64_t inputs, int64_t filters,  \
                                        int64_t padding, const T* x, const T* gains, const T* gradient,                \
                                        const uint8_t* choice, float scale, int masked, float* gains_gradient,         \
                                        float* bias_gradient, T* out) {                                                \
    pooled_convolution_gradients(Shape{height, width, inputs, filters, padding}, rows, x, gains, gradient, choice,     \
                                 scale, masked, gains_gradient, bias_gradient, out);                                   \
  }
FOR_BOTH(DEFINE)
#undef DEFINE

void sgd(const Run* runs, int64_t count, float* weights, float decay, bfloat16* copies, float rate, float momentum,
         float* velocities) {
  update(Sgd{rate, momentum, velocities}, runs, count, weights, decay, copies);
}

void adam(const Run* runs, int64_t count, float* weights, float decay, bfloat16* copies, float rate, double beta1,
          double beta2, float epsilon, float* first_moments, float* second_moments) {
  const Adam rule{rate, (float)(1 - beta1), (float)beta2, (float)(1 - beta2), epsilon, first_moments, second_moments};
  update(rule, runs, count, weights, decay, copies);
}

void augmented(const uint8_t* images, const uint64_t* words, int64_t rows, int64_t height, int64_t width,
               int64_t channels, int64_t shift, const uint8_t* mirrored, int mirrored_edges, uint8_t* out) {
  shifted_and_mirrored(images, words, rows, height, width, channels, shift, mirrored, mirrored_edges, out);
}

void cut_out(uint8_t* images, const uint64_t* words, int64_t rows, int64_t height, int64_t width, int64_t channels,
             int64_t square, int grey) {
  cut(images, words, rows, height, width, channels, square, grey);
}

void* barrier_made(int size) { return new Barrier(size); }
void barrier_ended(void* barrier) { delete (Barrier*)barrier; }
int barrier_wait(void* barrier) { return ((Barrier*)barrier)->wait(); }
void barrier_break(void* barrier) { ((Barrier*)barrier)->break_up(); }
}
