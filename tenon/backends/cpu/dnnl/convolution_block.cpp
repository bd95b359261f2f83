// Convolutions of compiled functions, with what happens at their ends.

#include <cstring>

#include "tenon/backends/cpu/dnnl/convolution_job.h"
#include "tenon/backends/cpu/linalg/channel_blocks.h"
#include "tenon/backends/cpu/linalg/convolution_product.h"
#include "tenon/backends/cpu/linalg/half_convert.h"
#include "tenon/backends/cpu/linalg/scratch.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

constexpr const char* kCall = "convolution";

void* without_const(const void* pointer) { return const_cast<void*>(pointer); }

bool is_block_dtype(DType dtype) { return dtype == kFloat32 || dtype == kBFloat16; }

bool is_empty(const ConvArgs& c) {
  return c.n * c.oc * c.ic * c.oh * c.ow * c.kh * c.kw == 0 || c.oh < 2 || c.ow < 2;
}

/// Whether there may be a way for these operands; `gradient`: of the filters.
bool can_be_blocks(const ConvArgs& c, const ConvBlock& block, bool gradient) {
  if (!is_block_dtype(c.dtype) || is_empty(c) || suits_one_product(c, gradient)) return false;
  return !block.places || c.oc % kBlockChannels == 0;
}

/// 3 x 3 filters over images of few channels, which oneDNN pads to a vector, and their gradients:
/// channels of y are the lanes instead.
class FewChannels {
 public:
  FewChannels(const ConvArgs& args, const ConvBlock& block) : c_(args), block_(block) {}

  bool is_offered() const {
    const bool is_plain = c_.kh == 3 && c_.kw == 3 && c_.stride_h == 1 && c_.stride_w == 1 &&
                          c_.dilation_h == 1 && c_.dilation_w == 1 && c_.groups == 1;
    const bool in_blocks =
        block_.places || (block_.y_width != 0 && block_.y_width % kBlockChannels == 0);
    return is_plain && c_.ic < 8 && block_.x_width == 0 && c_.oc % kBlockChannels == 0 && in_blocks;
  }

  void forward(const void* x, const void* w, const void* bias, void* y) const {
    const int64_t blocks = c_.oc / kBlockChannels, filters_size = c_.ic * 9 * kBlockChannels;
    static Scratch scratch;
    auto* const filters = scratch.get_array<float>(
        static_cast<size_t>(blocks * (filters_size + kBlockChannels)), kCall);
    float* const biases = filters + blocks * filters_size;
    in_lanes(w, c_.ic * 9, filters);
    if (bias) {
      in_lanes(bias, 1, biases);
    } else {
      std::memset(biases, 0, static_cast<size_t>(c_.oc) * sizeof(float));
    }
    parallel_for(c_.n, images_per_part(), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) forward_image(x, filters, biases, i, y);
    });
  }

  void gradients(const void* x, const void* dy, void* dw, void* dbias) const {
    const int64_t per = images_per_part(), parts = (c_.n + per - 1) / per;
    // Of each part: for each 16 channels of dy, and each of x, sums as add_filter_gradients has
    // them; then the gradients in their order.
    const int64_t blocks = c_.oc / kBlockChannels;
    const int64_t sums_size = blocks * c_.ic * kSums, filters = c_.oc * c_.ic * 9;
    const int64_t part_size = sums_size + filters + c_.oc;
    static Scratch scratch;
    auto* const all = scratch.get_array<float>(static_cast<size_t>(parts * part_size), kCall);
    parallel_for(parts, 1, [&](int64_t begin, int64_t end) {
      for (int64_t part = begin; part < end; ++part) {
        float* const sums = all + part * part_size;
        std::memset(sums, 0, static_cast<size_t>(sums_size) * sizeof(float));
        const int64_t last = std::min(c_.n, (part + 1) * per);
        for (int64_t i = part * per; i < last; ++i) add_image(x, dy, i, sums);
        in_order(sums, sums + sums_size);
      }
    });
    add_parts(c_.dtype, all + sums_size, part_size, parts, filters, dw);
    if (dbias) add_parts(c_.dtype, all + sums_size + filters, part_size, parts, c_.oc, dbias);
  }

 private:
  static constexpr int64_t kSums = 10 * kBlockChannels;

  int64_t images_per_part() const { return (c_.n + kConvPieces - 1) / kConvPieces; }
  int64_t image_bytes(int64_t channels, int64_t places) const {
    return channels * places * static_cast<int64_t>(size_of(c_.dtype));
  }

  /// [oc, count] -> [oc / 16, count, 16] floats.
  void in_lanes(const void* from, int64_t count, float* to) const {
    for (int64_t o = 0; o < c_.oc; ++o) {
      for (int64_t i = 0; i < count; ++i) {
        to[(o / kBlockChannels * count + i) * kBlockChannels + o % kBlockChannels] =
            c_.dtype == kFloat32
                ? static_cast<const float*>(from)[o * count + i]
                : static_cast<float>(static_cast<const BFloat16*>(from)[o * count + i]);
      }
    }
  }

  /// One image as floats with zeros around it, for the calling thread.
  const float* padded_image(const void* x, int64_t image) const {
    static Scratch scratch;
    const auto size = static_cast<size_t>(c_.ic * (c_.oh + 2) * (c_.ow + 2));
    auto* const padded = scratch.get_array<float>(size, kCall);
    pad(static_cast<const char*>(x) + image * image_bytes(c_.ic, c_.ih * c_.iw), padded);
    return padded;
  }

  void forward_image(const void* x, const float* filters, const float* biases, int64_t image,
                     void* y) const {
    static Scratch scratch;
    const float* const padded = padded_image(x, image);
    const int64_t places = c_.oh * c_.ow;
    const int64_t together = block_.places ? kBlockChannels : block_.y_width;
    char* const z = block_.places ? scratch.get_array<char>(
                                        static_cast<size_t>(image_bytes(c_.oc, places)), kCall)
                                  : static_cast<char*>(y) + image * image_bytes(c_.oc, places);
    for (int64_t o = 0; o < c_.oc; o += kBlockChannels) {
      const FewChannelsFilter filter{
          padded, filters + o * c_.ic * 9, biases + o, c_.ic, c_.ow + 2, block_.relu};
      filter_few_channels(c_.dtype, filter, {c_.oh, c_.ow, together},
                          z + image_bytes(o - o % together, places) + image_bytes(o % together, 1));
    }
    if (!block_.places) return;
    const int64_t pooled = c_.oh / 2 * (c_.ow / 2);
    BeforePooling{c_.dtype, c_.oc, c_.oh, c_.ow, together}.pool(
        kCall, z, 1, static_cast<char*>(y) + image * image_bytes(c_.oc, pooled),
        block_.places + image * c_.oc * pooled);
  }

  void add_image(const void* x, const void* dy, int64_t image, float* sums) const {
    static Scratch dz_scratch;
    const auto size = static_cast<int64_t>(size_of(c_.dtype));
    const int64_t height = c_.oh + 2, width = c_.ow + 2;
    const float* const padded = padded_image(x, image);
    int64_t together = block_.y_width;
    const char* dz = static_cast<const char*>(dy) + image * image_bytes(c_.oc, c_.oh * c_.ow);
    if (block_.places) {
      together = kBlockChannels;
      const int64_t first = image * c_.oc * (c_.oh / 2) * (c_.ow / 2);
      void* const before = dz_scratch.get(static_cast<size_t>(c_.oc * c_.oh * c_.ow * size), kCall);
      BeforePooling{c_.dtype, c_.oc, c_.oh, c_.ow, together}.unpool(
          kCall, static_cast<const char*>(dy) + first * size, block_.places + first, 1, before);
      dz = static_cast<const char*>(before);
    }
    for (int64_t o = 0; o < c_.oc; o += kBlockChannels) {
      const int64_t side_by_side = o % together;
      const int64_t first = (o - side_by_side) * c_.oh * c_.ow + side_by_side;
      for (int64_t i = 0; i < c_.ic; ++i) {
        add_filter_gradients(c_.dtype, padded + i * height * width, width, dz + first * size,
                             {c_.oh, c_.ow, together},
                             sums + (o / kBlockChannels * c_.ic + i) * kSums);
      }
    }
  }

  void pad(const void* x, float* padded) const {
    const int64_t height = c_.oh + 2, width = c_.ow + 2;
    std::memset(padded, 0, static_cast<size_t>(c_.ic * height * width) * sizeof(float));
    for (int64_t i = 0; i < c_.ic * c_.ih; ++i) {
      float* const to =
          padded + (i / c_.ih * height + c_.padding_h + i % c_.ih) * width + c_.padding_w;
      if (c_.dtype == kFloat32) {
        std::memcpy(to, static_cast<const float*>(x) + i * c_.iw,
                    static_cast<size_t>(c_.iw) * sizeof(float));
      } else {
        half_to_float(c_.dtype, static_cast<const uint16_t*>(x) + i * c_.iw, to, c_.iw);
      }
    }
  }

  /// [oc / 16, ic, 10, 16] -> filters [oc, ic, 9], then biases [oc].
  void in_order(const float* sums, float* to) const {
    for (int64_t o = 0; o < c_.oc; ++o) {
      const float* const block = sums + o / kBlockChannels * c_.ic * kSums + o % kBlockChannels;
      for (int64_t i = 0; i < c_.ic * 9; ++i) {
        to[o * c_.ic * 9 + i] = block[i / 9 * kSums + i % 9 * kBlockChannels];
      }
      to[c_.oc * c_.ic * 9 + o] = block[9 * kBlockChannels];
    }
  }

  ConvArgs c_;
  ConvBlock block_;
};

}  // namespace

bool convolution_block_forward(const ConvArgs& args, const ConvBlock& block, const void* x,
                               const void* w, const void* bias, void* y) {
  if (!can_be_blocks(args, block, false)) return false;
  const FewChannels few(args, block);
  if (few.is_offered()) {
    few.forward(x, w, bias, y);
    return true;
  }
  const ConvJob job(kCall, args, ConvDirection::kForward, bias != nullptr, &block);
  if (!job.is_offered()) return false;
  job.run(without_const(x), without_const(w), y, without_const(bias));
  return true;
}

bool convolution_block_backward_data(const ConvArgs& args, const ConvBlock& block, const void* dy,
                                     const void* w, void* dx) {
  if (!can_be_blocks(args, block, false)) return false;
  const ConvJob job(kCall, args, ConvDirection::kBackwardData, false, &block);
  if (!job.is_offered()) return false;
  job.run(dx, without_const(w), without_const(dy), nullptr);
  return true;
}

bool convolution_block_backward_weights(const ConvArgs& args, const ConvBlock& block, const void* x,
                                        const void* dy, void* dw, void* dbias) {
  if (!can_be_blocks(args, block, true)) return false;
  const FewChannels few(args, block);
  if (few.is_offered()) {
    few.gradients(x, dy, dw, dbias);
    return true;
  }
  const ConvJob job(kCall, args, ConvDirection::kBackwardWeights, dbias != nullptr, &block);
  if (!job.is_offered()) return false;
  job.run_backward_weights(x, dy, dw, dbias);
  return true;
}

}  // namespace tenon::cpu
