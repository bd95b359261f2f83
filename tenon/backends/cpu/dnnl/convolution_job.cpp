#include "tenon/backends/cpu/dnnl/convolution_job.h"

#include <cstring>

#include "tenon/backends/cpu/linalg/channel_blocks.h"
#include "tenon/backends/cpu/linalg/half_convert.h"
#include "tenon/backends/cpu/linalg/scratch.h"
#include "tenon/backends/cpu/linalg/transpose.h"
#include "tenon/base/integers.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

// Multiply-adds below which a piece isn't worth a thread of its own.
constexpr int64_t kPieceWork = 1 << 20;
// Floats that partial sums of the weights' gradient may take in all.
constexpr int64_t kPartialSums = 1 << 21;
// Images whose gradients of weights Winograd's algorithm should sum up at once.
constexpr int64_t kWinogradImages = 16;

int64_t work_per_image(const ConvArgs& c) {
  return c.oc * c.oh * c.ow * (c.ic / c.groups) * c.kh * c.kw;
}

void transpose_of(DType dtype, const void* from, int64_t rows, int64_t cols, int64_t from_stride,
                  void* to, int64_t to_stride) {
  if (dtype == kFloat32) {
    transpose(static_cast<const uint32_t*>(from), rows, cols, from_stride,
              static_cast<uint32_t*>(to), to_stride);
  } else {
    transpose(static_cast<const uint16_t*>(from), rows, cols, from_stride,
              static_cast<uint16_t*>(to), to_stride);
  }
}

}  // namespace

ConvJob::ConvJob(const char* call, const ConvArgs& args, ConvDirection direction, bool bias,
                 const ConvBlock* block)
    : call_(call),
      args_(args),
      direction_(direction),
      bias_(bias),
      block_(block ? *block : ConvBlock()),
      is_block_(block != nullptr) {
  split();
  for (int64_t i = 0; i < 2; ++i) {
    for (int64_t c = 0; c < 2; ++c) {
      const int64_t image = i == 0 ? 0 : images_.count() - 1;
      const int64_t channel = c == 0 ? 0 : channels_.count() - 1;
      plans_[i][c] = find_conv_plan(call, piece(image, channel));
    }
  }
}

bool ConvJob::is_offered() const {
  return std::all_of(&plans_[0][0], &plans_[0][0] + 4, [&](const auto& plan) {
    const int64_t together = plan->destination.together;
    const bool can_pool = together != 0 && together % 8 == 0;
    return plan->kernel && (can_pool || !block_.places);
  });
}

/// For backward weights, `w` and `bias` are arrays of float32 partial sums, one for each image
/// part, `w_part` and `bias_part` floats apart.
void ConvJob::run_pieces(const Whole& whole, int64_t w_part, int64_t bias_part) const {
  const bool weights_are_input = direction_ != ConvDirection::kBackwardWeights;
  char* ready = weights_are_input ? prepare_weights(whole.w) : nullptr;
  const int64_t channel_count = channels_.count();
  parallel_for(images_.count() * channel_count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      const int64_t image = p / channel_count, channel = p % channel_count;
      Pointers to = cut(image, channel, whole);
      if (!weights_are_input) {
        to.w += image * w_part * 4;
        if (to.bias) to.bias += image * bias_part * 4;
      }
      const ConvPlan& plan = plan_of(image, channel);
      const bool same = plan.weights.inner == plan_of(0, channel).weights.inner;
      run_piece(plan, to, ready && same ? ready + channel * ready_stride() : nullptr,
                piece(image, channel));
    }
  });
}

void ConvJob::run_backward_weights(const void* x, const void* dy, void* dw, void* dbias) const {
  const ConvArgs& c = args_;
  const int64_t parts = images_.count(), weights = c.oc * (c.ic / c.groups) * c.kh * c.kw;
  Whole whole{const_cast<void*>(x), dw, const_cast<void*>(dy), dbias};
  if (parts == 1 && c.dtype == kFloat32) return run_pieces(whole, 0, 0);
  static Scratch scratch;
  auto* const sums = scratch.get_array<float>(static_cast<size_t>(parts * (weights + c.oc)), call_);
  float* const bias_sums = sums + parts * weights;
  whole.w = sums;
  whole.bias = dbias ? bias_sums : nullptr;
  run_pieces(whole, weights, c.oc);
  add_parts(c.dtype, sums, weights, parts, weights, dw);
  if (dbias) add_parts(c.dtype, bias_sums, c.oc, parts, c.oc, dbias);
}

void ConvJob::split() {
  const ConvArgs& c = args_;
  const bool grouped = c.groups > 1;
  const int64_t work = work_per_image(c);
  images_.total = c.n;
  channels_.total = grouped ? c.groups : direction_ == ConvDirection::kBackwardData ? c.ic : c.oc;
  channels_.per = channels_.total;
  images_.per =
      std::min(c.n, std::max<int64_t>(1, ceil_div(kPieceWork, std::max<int64_t>(work, 1))));
  // What a kernel does once a piece, such as transforming filters, is shared by its images. Forward
  // has the filters ready; there, one image's transforms stay in the cache.
  if (direction_ == ConvDirection::kBackwardData) {
    images_.per = std::max(images_.per, ceil_div(c.n, kConvPieces));
  }
  if (direction_ == ConvDirection::kBackwardWeights) {
    const int64_t weights = c.oc * (c.ic / c.groups) * c.kh * c.kw;
    const int64_t parts = std::clamp<int64_t>(kPartialSums / weights, 1, kConvPieces);
    const bool is_winograd = suits_winograd({direction_, c.dtype, false, c.n, c.ic, c.oc, 1, c});
    images_.per = std::max({images_.per, ceil_div(c.n, parts),
                            is_winograd ? std::min(c.n, kWinogradImages) : int64_t{1}});
  }
  if (is_block_ && !can_cut_channels()) return;
  const int64_t step = grouped ? 1 : 16;
  while (images_.count() * channels_.count() < kConvPieces && channels_.per >= 2 * step &&
         work * images_.per / channels_.count() > 2 * kPieceWork) {
    channels_.per = ceil_div(ceil_div(channels_.per, 2), step) * step;
  }
}

/// Whether parts of the channels of one image lie in one piece of memory, and are of whole blocks.
bool ConvJob::can_cut_channels() const {
  const int64_t width =
      direction_ == ConvDirection::kBackwardData ? block_.x_width : block_.y_width;
  return images_.per == 1 && args_.groups == 1 && (width == 0 || width == kBlockChannels);
}

ConvPiece ConvJob::piece(int64_t image, int64_t channel) const {
  const int64_t channels = channels_.size(channel);
  ConvPiece piece{direction_, args_.dtype, bias_,        images_.size(image),
                  args_.ic,   args_.oc,    args_.groups, args_};
  piece.x_width = block_.x_width;
  piece.y_width = block_.places ? 0 : block_.y_width;
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

ConvJob::Pointers ConvJob::cut(int64_t image, int64_t channel, const Whole& whole) const {
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
  const int64_t x_offset = (s * c.ic + ic) * c.ih * c.iw;
  const int64_t y_places = block_.places ? c.oh / 2 * (c.ow / 2) : c.oh * c.ow;
  const int64_t y_offset = (s * c.oc + oc) * y_places;
  return {static_cast<char*>(whole.x) + x_offset * size,
          static_cast<char*>(whole.w) + w_offset * w_size,
          static_cast<char*>(whole.y) + y_offset * size,
          whole.bias ? static_cast<char*>(whole.bias) + oc * w_size : nullptr,
          block_.places ? block_.places + y_offset : nullptr,
          block_.result ? static_cast<const char*>(block_.result) + x_offset * size : nullptr};
}

/// The weights of each channel part in oneDNN's layout, which all image parts share; null where
/// the caller's layout serves.
char* ConvJob::prepare_weights(void* w) const {
  static Scratch scratch;
  if (ready_stride() == 0) return nullptr;
  const int64_t count = channels_.count();
  auto* ready = static_cast<char*>(scratch.get(static_cast<size_t>(count * ready_stride()), call_));
  parallel_for(count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t channel = begin; channel < end; ++channel) {
      const ConvOperand& weights = plan_of(0, channel).weights;
      const Pointers from = cut(0, channel, {nullptr, w, nullptr, nullptr});
      weights.pack(call_, from.w, ready + channel * ready_stride());
    }
  });
  return ready;
}

void ConvJob::run_piece(const ConvPlan& plan, const Pointers& plain, char* ready_weights,
                        const ConvPiece& piece) const {
  static Scratch scratch;
  const bool shared = ready_weights && plan.weights.is_moved();
  const size_t source = plan.source.inner_size();
  const size_t destination =
      block_.places ? plan.destination.whole_size() : plan.destination.inner_size();
  const size_t weights = shared ? 0 : plan.weights.inner_size();
  char* memory = static_cast<char*>(scratch.get(source + destination + weights + 64, call_));
  Pointers inner = plain;
  if (source) inner.x = memory;
  if (destination) inner.y = memory + source;
  if (weights) inner.w = memory + source + destination;
  if (shared) inner.w = ready_weights;
  if (direction_ != ConvDirection::kBackwardData) plan.source.pack(call_, plain.x, inner.x);
  if (direction_ != ConvDirection::kForward) {
    if (block_.places) {
      before_pooling(plan, piece).unpool(call_, plain.y, plain.places, piece.n, inner.y);
    } else {
      plan.destination.pack(call_, plain.y, inner.y);
    }
  }
  if (direction_ != ConvDirection::kBackwardWeights && !shared) {
    plan.weights.pack(call_, plain.w, inner.w);
  }
  // The order of the kernel's arguments is source, weights, destination, bias.
  void* const pointers[] = {inner.x, inner.w, inner.y, inner.bias};
  plan.kernel->run(call_, std::span(pointers, bias_ ? 4 : 3));
  finish(plan, inner, plain, piece);
}

/// From the kernel's results to the caller's.
void ConvJob::finish(const ConvPlan& plan, const Pointers& inner, const Pointers& plain,
                     const ConvPiece& piece) const {
  const ConvArgs& c = args_;
  switch (direction_) {
    case ConvDirection::kForward:
      if (block_.places) {
        return before_pooling(plan, piece).pool(call_, inner.y, piece.n, plain.y, plain.places);
      }
      plan.destination.unpack(call_, inner.y, plain.y);
      if (block_.relu) relu_in_place(c.dtype, plain.y, piece.n * piece.oc * c.oh * c.ow);
      return;
    case ConvDirection::kBackwardData:
      plan.source.unpack(call_, inner.x, plain.x);
      if (plain.result) {
        mask_in_place(c.dtype, plain.x, plain.result, piece.n * piece.ic * c.ih * c.iw);
      }
      return;
    case ConvDirection::kBackwardWeights:
      plan.weights.unpack(call_, inner.w, plain.w);
  }
}

BeforePooling ConvJob::before_pooling(const ConvPlan& plan, const ConvPiece& piece) const {
  return {args_.dtype, piece.oc, args_.oh, args_.ow, plan.destination.together};
}

/// body(image and block of 16 channels after pooling, the first element of both there).
template <class Body>
void BeforePooling::for_each_block(int64_t images, Body body) const {
  const int64_t pooled = height / 2 * (width / 2);
  for (int64_t image = 0; image < images; ++image) {
    for (int64_t c = 0; c < channels; c += kBlockChannels) {
      body(image, c, (image * channels + c) * pooled);
    }
  }
}

/// body(the first element of some of 16 channels of one image, how they lie, how many came before).
template <class Body>
void BeforePooling::for_each_part(int64_t image, int64_t channel, Body body) const {
  const int64_t count = std::min(together, kBlockChannels);
  for (int64_t part = 0; part < kBlockChannels; part += count) {
    const int64_t c = channel + part, side_by_side = c % together;
    body((image * channels + c - side_by_side) * height * width + side_by_side,
         BlockImage{height, width, together, count}, part);
  }
}

void BeforePooling::pool(const char* call, const void* z, int64_t images, void* y,
                         uint8_t* places) const {
  static Scratch scratch;
  const int64_t pooled = height / 2 * (width / 2);
  const size_t size = size_of(dtype);
  void* const values = scratch.get(static_cast<size_t>(pooled * kBlockChannels) * size, call);
  for_each_block(images, [&](int64_t image, int64_t channel, int64_t to) {
    for_each_part(image, channel, [&](int64_t from, const BlockImage& block, int64_t part) {
      pool_block(dtype, at(z, from), block, at(values, part), places + to + part);
    });
    transpose_of(dtype, values, pooled, kBlockChannels, kBlockChannels, at(y, to), pooled);
  });
}

void BeforePooling::unpool(const char* call, const void* dy, const uint8_t* places, int64_t images,
                           void* dz) const {
  static Scratch scratch;
  const int64_t pooled = height / 2 * (width / 2);
  const size_t size = size_of(dtype);
  void* const values = scratch.get(static_cast<size_t>(pooled * kBlockChannels) * size, call);
  for_each_block(images, [&](int64_t image, int64_t channel, int64_t from) {
    transpose_of(dtype, at(dy, from), kBlockChannels, pooled, pooled, values, kBlockChannels);
    for_each_part(image, channel, [&](int64_t to, const BlockImage& block, int64_t part) {
      unpool_block(dtype, at(values, part), places + from + part, block, at(dz, to));
    });
  });
}

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
      if (dtype != kFloat32) {
        float_to_half(dtype, sum, static_cast<uint16_t*>(to) + i, size);
      } else {
        std::memcpy(static_cast<float*>(to) + i, sum, static_cast<size_t>(size) * sizeof(float));
      }
    }
  });
}

}  // namespace tenon::cpu
