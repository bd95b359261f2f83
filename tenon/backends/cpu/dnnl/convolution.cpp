#include "tenon/backends/cpu/dnnl/convolution.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "tenon/backends/cpu/dnnl/convolution_plan.h"
#include "tenon/backends/cpu/linalg/convolution_gemm.h"
#include "tenon/backends/cpu/linalg/half_convert.h"
#include "tenon/backends/cpu/linalg/scratch.h"
#include "tenon/base/error.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

// Multiply-adds below which a piece isn't worth a thread of its own, and the pieces that are enough
// to keep the threads of a usual machine busy.
constexpr int64_t kPieceWork = 1 << 20;
constexpr int64_t kPieces = 16;
// Floats that partial sums of the weights' gradient may take in all.
constexpr int64_t kPartialSums = 1 << 21;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// [0, total) in parts of `per`, of which the last may be shorter.
struct Split {
  int64_t total = 0, per = 1;
  int64_t count() const { return ceil_div(total, per); }
  int64_t begin(int64_t i) const { return i * per; }
  int64_t size(int64_t i) const { return std::min(per, total - i * per); }
  bool is_short(int64_t i) const { return size(i) < per; }
};

int64_t work_per_image(const ConvArgs& c) {
  return c.oc * c.oh * c.ow * (c.ic / c.groups) * c.kh * c.kw;
}

/// A convolution cut into pieces of some images and some channels (of the operand that the
/// direction makes: output channels, or input channels for backward data; whole groups where there
/// are several). The cuts depend on the sizes alone.
class ConvJob {
 public:
  ConvJob(const char* call, const ConvArgs& args, ConvDirection direction, bool bias)
      : call_(call), args_(args), direction_(direction), bias_(bias) {
    split();
    for (int64_t i = 0; i < 2; ++i) {
      for (int64_t c = 0; c < 2; ++c) {
        const int64_t image = i == 0 ? 0 : images_.count() - 1;
        const int64_t channel = c == 0 ? 0 : channels_.count() - 1;
        plans_[i][c] = find_conv_plan(call, piece(image, channel));
      }
    }
  }

  /// Whether oneDNN has a fast way for all pieces.
  bool is_offered() const {
    return std::all_of(&plans_[0][0], &plans_[0][0] + 4,
                       [](const auto& plan) { return plan->kernel != nullptr; });
  }
  int64_t image_parts() const { return images_.count(); }

  /// For backward weights, `w` and `bias` are arrays of float32 partial sums, one for each image
  /// part, `w_part` and `bias_part` floats apart.
  void run(void* x, void* w, void* y, void* bias, int64_t w_part = 0, int64_t bias_part = 0) const {
    const bool weights_are_input = direction_ != ConvDirection::kBackwardWeights;
    char* ready = weights_are_input ? prepare_weights(w) : nullptr;
    const int64_t channel_count = channels_.count();
    parallel_for(images_.count() * channel_count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        const int64_t image = p / channel_count, channel = p % channel_count;
        Pointers to = cut(image, channel, x, w, y, bias);
        if (!weights_are_input) {
          to.w += image * w_part * 4;
          if (to.bias) to.bias += image * bias_part * 4;
        }
        const ConvPlan& plan = plan_of(image, channel);
        const bool same = plan.weights.inner == plan_of(0, channel).weights.inner;
        run_piece(plan, to, ready && same ? ready + channel * ready_stride() : nullptr);
      }
    });
  }

 private:
  struct Pointers {
    char *x, *w, *y, *bias;
  };

  void split() {
    const ConvArgs& c = args_;
    const bool grouped = c.groups > 1;
    const int64_t work = work_per_image(c);
    images_.total = c.n;
    channels_.total = grouped ? c.groups : direction_ == ConvDirection::kBackwardData ? c.ic : c.oc;
    channels_.per = channels_.total;
    images_.per =
        std::min(c.n, std::max<int64_t>(1, ceil_div(kPieceWork, std::max<int64_t>(work, 1))));
    if (direction_ == ConvDirection::kBackwardWeights) {
      const int64_t weights = c.oc * (c.ic / c.groups) * c.kh * c.kw;
      const int64_t parts = std::clamp<int64_t>(kPartialSums / weights, 1, kPieces);
      images_.per = std::max(images_.per, ceil_div(c.n, parts));
    }
    // What a kernel does once a piece, such as transforming filters, is shared by its images.
    if (direction_ == ConvDirection::kBackwardData) {
      images_.per = std::max(images_.per, ceil_div(c.n, kPieces));
    }
    const int64_t step = grouped ? 1 : 16;
    while (images_.count() * channels_.count() < kPieces && channels_.per >= 2 * step &&
           work * images_.per / channels_.count() > 2 * kPieceWork) {
      channels_.per = ceil_div(ceil_div(channels_.per, 2), step) * step;
    }
  }

  ConvPiece piece(int64_t image, int64_t channel) const {
    const int64_t channels = channels_.size(channel);
    ConvPiece piece{direction_, args_.dtype, bias_,        images_.size(image),
                    args_.ic,   args_.oc,    args_.groups, args_};
    if (args_.groups > 1) {
      piece.groups = channels;
      piece.ic = args_.ic / args_.groups * channels;
      piece.oc = args_.oc / args_.groups * channels;
    } else if (direction_ == ConvDirection::kBackwardData) {
      piece.ic = channels;
    } else {
      piece.oc = channels;
    }
    return piece;
  }

  const ConvPlan& plan_of(int64_t image, int64_t channel) const {
    return *plans_[images_.is_short(image)][channels_.is_short(channel)];
  }

  Pointers cut(int64_t image, int64_t channel, void* x, void* w, void* y, void* bias) const {
    const ConvArgs& c = args_;
    const int64_t first = channels_.begin(channel), s = images_.begin(image);
    const int64_t window = c.kh * c.kw, filter = c.ic / c.groups * window;
    int64_t ic = 0, oc = 0, w_offset = 0;
    if (c.groups > 1) {
      ic = first * (c.ic / c.groups);
      oc = first * (c.oc / c.groups);
      w_offset = oc * filter;
    } else if (direction_ == ConvDirection::kBackwardData) {
      ic = first;
      w_offset = ic * window;
    } else {
      oc = first;
      w_offset = oc * filter;
    }
    const auto size = static_cast<int64_t>(size_of(c.dtype));
    const int64_t w_size = direction_ == ConvDirection::kBackwardWeights ? 4 : size;
    return {static_cast<char*>(x) + (s * c.ic + ic) * c.ih * c.iw * size,
            static_cast<char*>(w) + w_offset * w_size,
            static_cast<char*>(y) + (s * c.oc + oc) * c.oh * c.ow * size,
            bias ? static_cast<char*>(bias) + oc * w_size : nullptr};
  }

  int64_t ready_stride() const {
    return static_cast<int64_t>(
        std::max(plans_[0][0]->weights.inner_size(), plans_[0][1]->weights.inner_size()));
  }

  /// The weights of each channel part in oneDNN's layout, which all image parts share; null where
  /// the caller's layout serves.
  char* prepare_weights(void* w) const {
    static thread_local Scratch scratch;
    if (ready_stride() == 0) return nullptr;
    const int64_t count = channels_.count();
    auto* ready =
        static_cast<char*>(scratch.get(static_cast<size_t>(count * ready_stride()), call_));
    parallel_for(count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t channel = begin; channel < end; ++channel) {
        const ConvOperand& weights = plan_of(0, channel).weights;
        const Pointers from = cut(0, channel, nullptr, w, nullptr, nullptr);
        weights.pack(call_, from.w, ready + channel * ready_stride());
      }
    });
    return ready;
  }

  void run_piece(const ConvPlan& plan, const Pointers& plain, char* ready_weights) const {
    static thread_local Scratch scratch;
    const bool shared = ready_weights && plan.weights.is_moved();
    const size_t source = plan.source.inner_size(), destination = plan.destination.inner_size();
    const size_t weights = shared ? 0 : plan.weights.inner_size();
    char* memory = static_cast<char*>(scratch.get(source + destination + weights + 64, call_));
    Pointers inner = plain;
    if (source) inner.x = memory;
    if (destination) inner.y = memory + source;
    if (weights) inner.w = memory + source + destination;
    if (shared) inner.w = ready_weights;
    if (direction_ != ConvDirection::kBackwardData) plan.source.pack(call_, plain.x, inner.x);
    if (direction_ != ConvDirection::kForward) plan.destination.pack(call_, plain.y, inner.y);
    if (direction_ != ConvDirection::kBackwardWeights && !shared) {
      plan.weights.pack(call_, plain.w, inner.w);
    }
    // The order of the kernel's arguments is source, weights, destination, bias.
    void* const pointers[] = {inner.x, inner.w, inner.y, inner.bias};
    plan.kernel->run(call_, std::span(pointers, bias_ ? 4 : 3));
    if (direction_ == ConvDirection::kBackwardData) plan.source.unpack(call_, inner.x, plain.x);
    if (direction_ == ConvDirection::kForward) plan.destination.unpack(call_, inner.y, plain.y);
    if (direction_ == ConvDirection::kBackwardWeights) {
      plan.weights.unpack(call_, inner.w, plain.w);
    }
  }

  const char* call_;
  ConvArgs args_;
  ConvDirection direction_;
  bool bias_;
  Split images_, channels_;
  std::shared_ptr<const ConvPlan> plans_[2][2];  // [last images?][last channels?]
};

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
    static thread_local Scratch scratch;
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

/// to = the sum of `parts` arrays, in order.
void add_parts(DType dtype, const float* from, int64_t stride, int64_t parts, int64_t count,
               void* to) {
  parallel_for(count, 8192, [&](int64_t begin, int64_t end) {
    constexpr int64_t kBlock = 256;
    for (int64_t i = begin; i < end; i += kBlock) {
      const int64_t size = std::min(kBlock, end - i);
      float sum[kBlock] = {};
      for (int64_t part = 0; part < parts; ++part) {
        const float* add = from + part * stride + i;
        for (int64_t j = 0; j < size; ++j) sum[j] += add[j];
      }
      if (is_half(dtype)) {
        float_to_half(dtype, sum, static_cast<uint16_t*>(to) + i, size);
      } else {
        std::memcpy(static_cast<float*>(to) + i, sum, static_cast<size_t>(size) * sizeof(float));
      }
    }
  });
}

}  // namespace

void convolution_forward(const ConvArgs& args, const void* x, const void* w, const void* bias,
                         void* y) {
  check_dtype("convolution", args.dtype);
  if (is_empty_sum(args)) return fill_with_bias(args, bias, y);
  if (args.dtype == kFloat64) return conv_gemm_forward(args, x, w, bias, y);
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
  const ConvJob job("convolution", args, ConvDirection::kBackwardWeights, dbias != nullptr);
  if (!job.is_offered()) {
    if (is_half(args.dtype)) return backward_weights_by_floats(args, x, dy, dw, dbias);
    return conv_gemm_backward_weights(args, x, dy, dw, dbias);
  }
  const int64_t parts = job.image_parts(), weights = weights_size(args);
  if (parts == 1 && args.dtype == kFloat32) {
    return job.run(without_const(x), dw, without_const(dy), dbias);
  }
  static thread_local Scratch scratch;
  auto* sums =
      scratch.get_array<float>(static_cast<size_t>(parts * (weights + args.oc)), "convolution");
  float* bias_sums = sums + parts * weights;
  job.run(without_const(x), sums, without_const(dy), dbias ? bias_sums : nullptr, weights, args.oc);
  add_parts(args.dtype, sums, weights, parts, weights, dw);
  if (dbias) add_parts(args.dtype, bias_sums, args.oc, parts, args.oc, dbias);
}

}  // namespace tenon::cpu
