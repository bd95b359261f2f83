#pragma once

#include <algorithm>
#include <memory>

#include "tenon/backends/cpu/dnnl/convolution_plan.h"

namespace tenon::cpu {

/// [0, total) in parts of `per`, of which the last may be shorter.
struct Split {
  int64_t total = 0, per = 1;
  int64_t count() const { return (total + per - 1) / per; }
  int64_t begin(int64_t i) const { return i * per; }
  int64_t size(int64_t i) const { return std::min(per, total - i * per); }
  bool is_short(int64_t i) const { return size(i) < per; }
};

/// An operand of a block before pooling, where channels of one place lie together.
struct BeforePooling {
  DType dtype;
  int64_t channels, height, width;
  int64_t together;  ///< channels that lie together; 8, or a multiple of 16

  /// y, row-major, and places of `images` images from z; and dz from dy and the places.
  void pool(const char* call, const void* z, int64_t images, void* y, uint8_t* places) const;
  void unpool(const char* call, const void* dy, const uint8_t* places, int64_t images,
              void* dz) const;

 private:
  const void* at(const void* elements, int64_t i) const {
    return static_cast<const char*>(elements) + static_cast<size_t>(i) * size_of(dtype);
  }
  void* at(void* elements, int64_t i) const {
    return static_cast<char*>(elements) + static_cast<size_t>(i) * size_of(dtype);
  }
  template <class Body>
  void for_each_block(int64_t images, Body body) const;
  template <class Body>
  void for_each_part(int64_t image, int64_t channel, Body body) const;
};

/// A convolution cut into pieces of some images and some channels (of the operand that the
/// direction makes: output channels, or input channels for backward data; whole groups where there
/// are several). The cuts depend on the sizes alone.
class ConvJob {
 public:
  ConvJob(const char* call, const ConvArgs& args, ConvDirection direction, bool bias,
          const ConvBlock* block = nullptr);

  /// Whether oneDNN has a fast way for all pieces.
  bool is_offered() const;
  /// `w` is read; `x` or `y`, as the direction says, is written.
  void run(void* x, void* w, void* y, void* bias) const { run_pieces({x, w, y, bias}, 0, 0); }
  /// The gradients of the weights, and of the bias where not null.
  void run_backward_weights(const void* x, const void* dy, void* dw, void* dbias) const;

 private:
  struct Whole {
    void *x, *w, *y, *bias;
  };
  struct Pointers {
    char *x, *w, *y, *bias;
    uint8_t* places;
    const char* result;
  };

  void split();
  bool can_cut_channels() const;
  ConvPiece piece(int64_t image, int64_t channel) const;
  const ConvPlan& plan_of(int64_t image, int64_t channel) const {
    return *plans_[images_.is_short(image)][channels_.is_short(channel)];
  }
  Pointers cut(int64_t image, int64_t channel, const Whole& whole) const;
  int64_t ready_stride() const {
    return static_cast<int64_t>(
        std::max(plans_[0][0]->weights.inner_size(), plans_[0][1]->weights.inner_size()));
  }
  char* prepare_weights(void* w) const;
  void run_pieces(const Whole& whole, int64_t w_part, int64_t bias_part) const;
  void run_piece(const ConvPlan& plan, const Pointers& plain, char* ready_weights,
                 const ConvPiece& piece) const;
  BeforePooling before_pooling(const ConvPlan& plan, const ConvPiece& piece) const;
  void finish(const ConvPlan& plan, const Pointers& inner, const Pointers& plain,
              const ConvPiece& piece) const;

  const char* call_;
  ConvArgs args_;
  ConvDirection direction_;
  bool bias_;
  ConvBlock block_;
  bool is_block_;
  Split images_, channels_;
  std::shared_ptr<const ConvPlan> plans_[2][2];  // [last images?][last channels?]
};

/// Pieces that are enough to keep the threads of a usual machine busy.
inline constexpr int64_t kConvPieces = 16;

/// to = the sum of `parts` arrays, in order.
void add_parts(DType dtype, const float* from, int64_t stride, int64_t parts, int64_t count,
               void* to);

}  // namespace tenon::cpu
