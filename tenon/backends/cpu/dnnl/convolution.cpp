#include "tenon/backends/cpu/dnnl/convolution.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "tenon/backends/cpu/dnnl/convolution_job.h"
#include "tenon/backends/cpu/linalg/convolution_gemm.h"
#include "tenon/backends/cpu/linalg/convolution_product.h"
#include "tenon/backends/cpu/linalg/half_convert.h"
#include "tenon/backends/cpu/linalg/scratch.h"
#include "tenon/base/error.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

void check_dtype(const char* call, DType dtype) {
  if (is_floating(dtype)) return;
  fail<DTypeError>(call, "expected a floating dtype, got " + std::string(name_of(dtype)) +
                             "; convert the operands first");
}

bool is_half(DType dtype) { return dtype == kFloat16 || dtype == kBFloat16; }

/// Whether the sums have no term at all.
bool is_empty_sum(const ConvArgs& c) { return c.n * c.oc * c.ic * c.oh * c.ow * c.kh * c.kw == 0; }

int64_t source_size(const ConvArgs& c) { return c.n * c.ic * c.ih * c.iw; }
int64_t weights_size(const ConvArgs& c) { return c.oc * (c.ic / c.groups) * c.kh * c.kw; }
int64_t destination_size(const ConvArgs& c) { return c.n * c.oc * c.oh * c.ow; }

void* without_const(const void* pointer) { return const_cast<void*>(pointer); }

void zero(DType dtype, void* to, int64_t count) {
  if (count > 0) std::memset(to, 0, static_cast<size_t>(count) * size_of(dtype));
}

/// Where the product with unfolded images is faster than oneDNN's backward passes: with few input
/// channels, which oneDNN pads to a vector (it has kernels of their own for 3), and, with 256-bit
/// vectors, for the weights as long as an unfolded image stays in the cache.
bool prefers_gemm(const ConvArgs& c, ConvDirection direction) {
  if (c.dtype != kFloat32 || c.groups != 1) return false;
  if (c.ic < 8 && c.ic != 3) return true;
  constexpr int64_t kCachedFloats = 1 << 18;
  return direction == ConvDirection::kBackwardWeights && !has_wide_vectors() &&
         c.ic * c.kh * c.kw * c.oh * c.ow <= kCachedFloats;
}

/// Floats for the halves of one call.
class Widened {
 public:
  Widened(const char* call, DType dtype, int64_t count) : dtype_(dtype) {
    static Scratch scratch;
    next_ = scratch.get_array<float>(static_cast<size_t>(count), call);
  }
  float* take(int64_t count) { return std::exchange(next_, next_ + count); }
  float* take(const void* halves, int64_t count) {
    float* to = take(count);
    parallel_for(count, 16384, [&](int64_t begin, int64_t end) {
      half_to_float(dtype_, static_cast<const uint16_t*>(halves) + begin, to + begin, end - begin);
    });
    return to;
  }
  void narrow(const float* from, void* halves, int64_t count) {
    parallel_for(count, 16384, [&](int64_t begin, int64_t end) {
      float_to_half(dtype_, from + begin, static_cast<uint16_t*>(halves) + begin, end - begin);
    });
  }

 private:
  DType dtype_;
  float* next_;
};

ConvArgs as_float(ConvArgs args) {
  args.dtype = kFloat32;
  return args;
}

/// y = bias in every place: the convolution with no input channels.
void fill_with_bias(const ConvArgs& c, const void* bias, void* y) {
  zero(c.dtype, y, destination_size(c));
  if (!bias) return;
  const size_t size = size_of(c.dtype);
  const int64_t places = c.oh * c.ow;
  for (int64_t i = 0; i < destination_size(c); ++i) {
    std::memcpy(static_cast<char*>(y) + static_cast<size_t>(i) * size,
                static_cast<const char*>(bias) + static_cast<size_t>(i / places % c.oc) * size,
                size);
  }
}

void forward_by_floats(const ConvArgs& c, const void* x, const void* w, const void* bias, void* y) {
  Widened floats("convolution", c.dtype,
                 source_size(c) + weights_size(c) + destination_size(c) + c.oc);
  float* wide_x = floats.take(x, source_size(c));
  float* wide_w = floats.take(w, weights_size(c));
  float* wide_bias = bias ? floats.take(bias, c.oc) : nullptr;
  float* wide_y = floats.take(destination_size(c));
  convolution_forward(as_float(c), wide_x, wide_w, wide_bias, wide_y);
  floats.narrow(wide_y, y, destination_size(c));
}

void backward_data_by_floats(const ConvArgs& c, const void* dy, const void* w, void* dx) {
  Widened floats("convolution", c.dtype, source_size(c) + weights_size(c) + destination_size(c));
  float* wide_dy = floats.take(dy, destination_size(c));
  float* wide_w = floats.take(w, weights_size(c));
  float* wide_dx = floats.take(source_size(c));
  convolution_backward_data(as_float(c), wide_dy, wide_w, wide_dx);
  floats.narrow(wide_dx, dx, source_size(c));
}

void backward_weights_by_floats(const ConvArgs& c, const void* x, const void* dy, void* dw,
                                void* dbias) {
  Widened floats("convolution", c.dtype,
                 source_size(c) + weights_size(c) + destination_size(c) + c.oc);
  float* wide_x = floats.take(x, source_size(c));
  float* wide_dy = floats.take(dy, destination_size(c));
  float* wide_dw = floats.take(weights_size(c));
  float* wide_dbias = floats.take(c.oc);
  convolution_backward_weights(as_float(c), wide_x, wide_dy, wide_dw, dbias ? wide_dbias : nullptr);
  floats.narrow(wide_dw, dw, weights_size(c));
  if (dbias) floats.narrow(wide_dbias, dbias, c.oc);
}

}  // namespace

void convolution_forward(const ConvArgs& args, const void* x, const void* w, const void* bias,
                         void* y) {
  check_dtype("convolution", args.dtype);
  if (is_empty_sum(args)) return fill_with_bias(args, bias, y);
  if (args.dtype == kFloat64) return conv_gemm_forward(args, x, w, bias, y);
  if (suits_one_product(args, false)) {
    return one_product_forward(args, static_cast<const float*>(x), static_cast<const float*>(w),
                               static_cast<const float*>(bias), static_cast<float*>(y));
  }
  const ConvJob job("convolution", args, ConvDirection::kForward, bias != nullptr);
  if (job.is_offered()) {
    return job.run(without_const(x), without_const(w), y, without_const(bias));
  }
  if (is_half(args.dtype)) return forward_by_floats(args, x, w, bias, y);
  conv_gemm_forward(args, x, w, bias, y);
}

void convolution_backward_data(const ConvArgs& args, const void* dy, const void* w, void* dx) {
  check_dtype("convolution", args.dtype);
  if (is_empty_sum(args)) return zero(args.dtype, dx, source_size(args));
  if (args.dtype == kFloat64 || prefers_gemm(args, ConvDirection::kBackwardData)) {
    return conv_gemm_backward_data(args, dy, w, dx);
  }
  if (suits_one_product(args, false)) {
    return one_product_backward_data(args, static_cast<const float*>(dy),
                                     static_cast<const float*>(w), static_cast<float*>(dx));
  }
  const ConvJob job("convolution", args, ConvDirection::kBackwardData, false);
  if (job.is_offered()) return job.run(dx, without_const(w), without_const(dy), nullptr);
  if (is_half(args.dtype)) return backward_data_by_floats(args, dy, w, dx);
  conv_gemm_backward_data(args, dy, w, dx);
}

void convolution_backward_weights(const ConvArgs& args, const void* x, const void* dy, void* dw,
                                  void* dbias) {
  check_dtype("convolution", args.dtype);
  if (args.n * args.oc * args.oh * args.ow == 0 || (is_empty_sum(args) && !dbias)) {
    zero(args.dtype, dw, weights_size(args));
    if (dbias) zero(args.dtype, dbias, args.oc);
    return;
  }
  if (is_empty_sum(args) && is_half(args.dtype)) {
    return backward_weights_by_floats(args, x, dy, dw, dbias);
  }
  if (args.dtype == kFloat64 || is_empty_sum(args) ||
      prefers_gemm(args, ConvDirection::kBackwardWeights)) {
    return conv_gemm_backward_weights(args, x, dy, dw, dbias);
  }
  if (suits_one_product(args, true)) {
    return one_product_backward_weights(args, static_cast<const float*>(x),
                                        static_cast<const float*>(dy), static_cast<float*>(dw),
                                        static_cast<float*>(dbias));
  }
  const ConvJob job("convolution", args, ConvDirection::kBackwardWeights, dbias != nullptr);
  if (!job.is_offered()) {
    if (is_half(args.dtype)) return backward_weights_by_floats(args, x, dy, dw, dbias);
    return conv_gemm_backward_weights(args, x, dy, dw, dbias);
  }
  job.run_backward_weights(x, dy, dw, dbias);
}

}  // namespace tenon::cpu
