#pragma once

#include <memory>
#include <optional>

#include "tenon/backends/cpu/dnnl/convolution.h"
#include "tenon/backends/cpu/dnnl/runtime.h"

namespace tenon::cpu {

enum class ConvDirection { kForward, kBackwardData, kBackwardWeights };

/// One piece of a convolution: some images, some channels (whole groups where there are several).
struct ConvPiece {
  ConvDirection direction;
  DType dtype;
  bool bias;  // forward and backward weights
  int64_t n, ic, oc, groups;
  ConvArgs whole;  // spatial sizes, and the strides of the tensors that the piece is cut from
  int64_t x_width = 0, y_width = 0;  // as in ConvBlock; then the piece has all channels
};

/// Images of halves in a layout that keeps `width` channels of one place together: channels last,
/// or in blocks. We move these ourselves: oneDNN 2.6 does it at a third of the speed (5 GB/s for
/// images of 64 x 24 x 24 in bfloat16, AVX-512). Its way with float32 is as fast as memory is.
struct ChannelBlocks {
  int64_t images, blocks, width, places;
  int64_t image_stride;  ///< of the caller's images, in elements

  void pack(const uint16_t* plain, uint16_t* inner) const;
  void unpack(const uint16_t* inner, uint16_t* plain) const;
};

/// One operand: what the caller has (`plain`), what the primitive wants (`inner`), and the way
/// between the two: `blocks` or else `reorder`, neither where they are the same.
struct ConvOperand {
  dnnl::memory::desc plain, inner;
  std::optional<ChannelBlocks> blocks;
  std::unique_ptr<DnnlKernel> reorder;
  int64_t together = 0;  ///< channels of one place that lie together in `inner`; 0: another layout

  bool is_moved() const { return blocks || reorder; }
  /// Bytes of memory that the inner layout needs: 0 where the caller's memory serves.
  size_t inner_size() const { return is_moved() ? whole_size() : 0; }
  size_t whole_size() const { return (inner.get_size() + 63) / 64 * 64; }
  /// Between the caller's memory and the primitive's; nothing where they are the same.
  void pack(const char* call, void* from, void* to) const;
  void unpack(const char* call, void* from, void* to) const;
};

/// A convolution primitive for one thread with the reorders around it.
struct ConvPlan {
  ConvOperand source, weights, destination;
  std::unique_ptr<DnnlKernel> kernel;  ///< source, weights, destination(, bias), null: not offered
  bool is_winograd = false;
};

/// Whether Winograd's algorithm, with 16 multiplications for 4 results (F(2 x 2, 3 x 3)) or 36 for
/// 16 (F(4 x 4, 3 x 3)), is worth its transforms: it needs channels enough to share them, not so
/// many that the transformed filters leave the cache, and images that its tiles cover without much
/// waste.
bool suits_winograd(const ConvPiece& piece);

/// The cached plan of a piece. Its kernel is null when oneDNN has only its slow reference for it.
std::shared_ptr<const ConvPlan> find_conv_plan(const char* call, const ConvPiece& piece);

}  // namespace tenon::cpu
