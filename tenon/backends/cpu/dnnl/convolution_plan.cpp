#include "tenon/backends/cpu/dnnl/convolution_plan.h"

#include <algorithm>

#include "tenon/backends/cpu/dnnl/version.h"
#include "tenon/backends/cpu/linalg/transpose.h"

namespace tenon::cpu {
namespace {

using Desc = dnnl::memory::desc;

/// Images of which `width` channels of one place lie together; an empty descriptor where oneDNN has
/// no name for that. Where 16 are all, vectors' kernels and those of matrix units know one layout
/// by two names.
Desc in_blocks(const dnnl::memory::dims& dims, dnnl::memory::data_type type, int64_t width) {
  using Tag = dnnl::memory::format_tag;
  const bool are_halves = type != dnnl::memory::data_type::f32;
  if (width == dims[1] && (are_halves || width != 16)) return Desc(dims, type, Tag::acdb);
  if (dims[1] % width != 0) return {};
  if (width == 16) return Desc(dims, type, Tag::aBcd16b);
  return width == 8 ? Desc(dims, type, Tag::aBcd8b) : Desc();
}

/// Images in the caller's layout: `dims` are [n, c, h, w].
struct ConvImages {
  DType dtype;
  dnnl::memory::dims dims;
  int64_t width;
  int64_t image_stride;
  Desc desc;

  ConvImages(DType type, dnnl::memory::dims sizes, int64_t whole_channels, int64_t together)
      : dtype(type),
        dims(std::move(sizes)),
        width(together),
        image_stride(whole_channels * dims[2] * dims[3]) {
    desc = width != 0 ? in_blocks(dims, dnnl_type(dtype), width)
                      : Desc(dims, dnnl_type(dtype), {image_stride, dims[2] * dims[3], dims[3], 1});
  }
};

/// An operand in the caller's layout, and the same one in a layout of oneDNN's choice.
struct Shapes {
  ConvImages source, destination;
  Desc weights, bias;
  Desc any_source, any_weights, any_destination;
  Desc hint_weights;  // of the operands' type, for the forward primitive that backward ones ask for
};

Desc any_of(const dnnl::memory::dims& dims, dnnl::memory::data_type type) {
  return Desc(dims, type, dnnl::memory::format_tag::any);
}

/// `keep_blocks`: primitives are asked for the caller's own layout where that is of blocks.
Shapes shapes_of(const ConvPiece& p, bool keep_blocks) {
  const ConvArgs& whole = p.whole;
  const auto type = dnnl_type(p.dtype);
  // Gradients of weights are summed over pieces, which takes more digits than a half has.
  const auto weights_type =
      p.direction == ConvDirection::kBackwardWeights ? dnnl_type(kFloat32) : type;
  const dnnl::memory::dims x = {p.n, p.ic, whole.ih, whole.iw};
  const dnnl::memory::dims y = {p.n, p.oc, whole.oh, whole.ow};
  const int64_t window = whole.kh * whole.kw, filter = whole.ic / whole.groups * window;
  dnnl::memory::dims w = {p.oc / p.groups, p.ic / p.groups, whole.kh, whole.kw};
  dnnl::memory::dims w_strides = {filter, window, whole.kw, 1};
  if (p.groups > 1) {
    w.insert(w.begin(), p.groups);
    w_strides.insert(w_strides.begin(), p.oc / p.groups * filter);
  }
  Shapes shapes{ConvImages(p.dtype, x, whole.ic, p.x_width),
                ConvImages(p.dtype, y, whole.oc, p.y_width)};
  shapes.weights = Desc(w, weights_type, w_strides);
  if (p.bias) shapes.bias = Desc({p.oc}, weights_type, dnnl::memory::format_tag::x);
  shapes.any_source = keep_blocks && p.x_width != 0 ? shapes.source.desc : any_of(x, type);
  shapes.any_destination =
      keep_blocks && p.y_width != 0 ? shapes.destination.desc : any_of(y, type);
  shapes.any_weights = any_of(w, weights_type);
  shapes.hint_weights = any_of(w, type);
  return shapes;
}

/// Which way an operand flows decides the direction of its reorder.
ConvOperand input(const Desc& plain, const Desc& inner) {
  return {plain, inner, {}, DnnlKernel::reorder(plain, inner), 0};
}
ConvOperand output(const Desc& plain, const Desc& inner) {
  return {plain, inner, {}, DnnlKernel::reorder(inner, plain), 0};
}

/// How many channels `inner` keeps together at a place; 0 where it is in another layout.
int64_t channels_together(const dnnl::memory::dims& dims, dnnl::memory::data_type type,
                          const Desc& inner) {
  using Tag = dnnl::memory::format_tag;
  for (const auto& [width, tag] :
       {std::pair(dims[1], Tag::acdb), std::pair(int64_t{16}, Tag::aBcd16b),
        std::pair(int64_t{8}, Tag::aBcd8b)}) {
    if (width > 1 && dims[1] % width == 0 && inner == Desc(dims, type, tag)) return width;
  }
  return 0;
}

/// As `make` (input or output), but for images.
template <class Make>
ConvOperand images(Make make, const ConvImages& plain, const Desc& inner) {
  const auto& dims = plain.dims;
  const bool halves = size_of(plain.dtype) == sizeof(uint16_t);
  const int64_t width = channels_together(dims, dnnl_type(plain.dtype), inner);
  if (width == 0 || !halves || plain.width != 0) {
    ConvOperand operand = make(plain.desc, inner);
    operand.together = width;
    return operand;
  }
  return {plain.desc, inner,
          ChannelBlocks{dims[0], dims[1] / width, width, dims[2] * dims[3], plain.image_stride},
          nullptr, width};
}

template <class PrimitiveDesc>
std::unique_ptr<DnnlKernel> kernel_of(dnnl::primitive primitive, const PrimitiveDesc& desc,
                                      std::vector<DnnlKernel::Argument> arguments) {
  return std::make_unique<DnnlKernel>(std::move(primitive), std::move(arguments),
                                      desc.scratchpad_desc());
}

void plan_forward(const dnnl::convolution_forward::primitive_desc& desc, const Shapes& shapes,
                  ConvPlan& plan) {
  plan.source = images(input, shapes.source, desc.src_desc());
  plan.weights = input(shapes.weights, desc.weights_desc());
  plan.destination = images(output, shapes.destination, desc.dst_desc());
  std::vector<DnnlKernel::Argument> arguments = {{DNNL_ARG_SRC, desc.src_desc()},
                                                 {DNNL_ARG_WEIGHTS, desc.weights_desc()},
                                                 {DNNL_ARG_DST, desc.dst_desc()}};
  if (shapes.bias.get_size() != 0) arguments.push_back({DNNL_ARG_BIAS, shapes.bias});
  plan.kernel = kernel_of(dnnl::convolution_forward(desc), desc, std::move(arguments));
}

void plan_backward_data(const dnnl::convolution_backward_data::primitive_desc& desc,
                        const Shapes& shapes, ConvPlan& plan) {
  plan.source = images(output, shapes.source, desc.diff_src_desc());
  plan.weights = input(shapes.weights, desc.weights_desc());
  plan.destination = images(input, shapes.destination, desc.diff_dst_desc());
  plan.kernel = kernel_of(dnnl::convolution_backward_data(desc), desc,
                          {{DNNL_ARG_DIFF_SRC, desc.diff_src_desc()},
                           {DNNL_ARG_WEIGHTS, desc.weights_desc()},
                           {DNNL_ARG_DIFF_DST, desc.diff_dst_desc()}});
}

void plan_backward_weights(const dnnl::convolution_backward_weights::primitive_desc& desc,
                           const Shapes& shapes, ConvPlan& plan) {
  plan.source = images(input, shapes.source, desc.src_desc());
  plan.weights = output(shapes.weights, desc.diff_weights_desc());
  plan.destination = images(input, shapes.destination, desc.diff_dst_desc());
  std::vector<DnnlKernel::Argument> arguments = {{DNNL_ARG_SRC, desc.src_desc()},
                                                 {DNNL_ARG_DIFF_WEIGHTS, desc.diff_weights_desc()},
                                                 {DNNL_ARG_DIFF_DST, desc.diff_dst_desc()}};
  if (shapes.bias.get_size() != 0) arguments.push_back({DNNL_ARG_DIFF_BIAS, shapes.bias});
  plan.kernel = kernel_of(dnnl::convolution_backward_weights(desc), desc, std::move(arguments));
}

void fill_plan(const ConvPiece& piece, dnnl::algorithm algorithm, bool keep_blocks,
               ConvPlan& plan) {
  const ConvArgs& w = piece.whole;
  const Shapes shapes = shapes_of(piece, keep_blocks);
  const dnnl::primitive_attr attributes = dnnl_attributes();
  const bool is_forward = piece.direction == ConvDirection::kForward;
  dnnl_version::ConvolutionDesc desc{
      algorithm,
      // Where a forward pass is for itself, filters can be transformed once for all pieces.
      is_forward ? dnnl::prop_kind::forward_inference : dnnl::prop_kind::forward_training,
      shapes.any_source,
      shapes.any_weights,
      shapes.bias,
      shapes.any_destination,
      {w.stride_h, w.stride_w},
      {w.dilation_h - 1, w.dilation_w - 1},
      {w.padding_h, w.padding_w},
      {w.padding_h, w.padding_w}};
  const dnnl::engine& engine = dnnl_engine();
  if (is_forward) {
    const auto forward = dnnl_version::convolution_forward(engine, desc, attributes);
    if (!is_reference(forward.impl_info_str())) plan_forward(forward, shapes, plan);
    return;
  }
  dnnl_version::ConvolutionDesc hint = desc;
  hint.weights = shapes.hint_weights;
  hint.bias = Desc();
  const auto forward = dnnl_version::convolution_forward(engine, hint, attributes);
  if (piece.direction == ConvDirection::kBackwardData) {
    const auto data = dnnl_version::convolution_backward_data(engine, desc, forward, attributes);
    if (!is_reference(data.impl_info_str())) plan_backward_data(data, shapes, plan);
    return;
  }
  const auto weights =
      dnnl_version::convolution_backward_weights(engine, desc, forward, attributes);
  if (!is_reference(weights.impl_info_str())) plan_backward_weights(weights, shapes, plan);
}

/// Whether oneDNN has that algorithm for the piece.
bool try_plan(const ConvPiece& piece, dnnl::algorithm algorithm, ConvPlan& plan) {
  const bool has_blocks = piece.x_width != 0 || piece.y_width != 0;
  for (const bool keep_blocks : {true, false}) {
    if (keep_blocks && !has_blocks) continue;
    try {
      fill_plan(piece, algorithm, keep_blocks, plan);
    } catch (const dnnl::error& error) {
      if (error.status != dnnl_unimplemented) throw;
    }
    if (plan.kernel) return true;
  }
  return false;
}

/// oneDNN's kernels count places in 32 bits, and check that only in part.
bool is_in_range(const ConvArgs& w) {
  constexpr int64_t kMost = 1 << 15;
  return std::max({w.stride_h, w.stride_w, w.padding_h, w.padding_w, w.dilation_h, w.dilation_w}) <=
         kMost;
}

/// Whether oneDNN has names for the layouts of the piece's images.
bool has_layouts(const ConvPiece& p) {
  const auto is_known = [&](int64_t channels, int64_t width) {
    return width == 0 || width == channels ||
           ((width == 8 || width == 16) && channels % width == 0);
  };
  return is_known(p.ic, p.x_width) && is_known(p.oc, p.y_width);
}

std::shared_ptr<const ConvPlan> make_plan(const ConvPiece& piece) {
  const OneDnnThread one_thread;
  auto plan = std::make_shared<ConvPlan>();
  if (!is_in_range(piece.whole) || !has_layouts(piece)) return plan;
  plan->is_winograd =
      suits_winograd(piece) && try_plan(piece, dnnl::algorithm::convolution_winograd, *plan);
  if (!plan->is_winograd) try_plan(piece, dnnl::algorithm::convolution_direct, *plan);
  return plan;
}

}  // namespace

bool suits_winograd(const ConvPiece& p) {
  const ConvArgs& w = p.whole;
  const bool is_plain = w.kh == 3 && w.kw == 3 && w.stride_h == 1 && w.stride_w == 1 &&
                        w.dilation_h == 1 && w.dilation_w == 1 && w.groups == 1;
  if (!is_plain || p.dtype != kFloat32 || !has_wide_vectors()) return false;
  if (std::min(p.ic, p.oc) < 32 || std::max(p.ic, p.oc) > 128) return false;
  const int64_t places = w.oh * w.ow, covered = (w.oh + 3) / 4 * ((w.ow + 3) / 4) * 16;
  return 8 * covered <= 9 * places && p.n * places >= 512;
}

void ChannelBlocks::pack(const uint16_t* plain, uint16_t* inner) const {
  for (int64_t i = 0; i < images * blocks; ++i) {
    const int64_t first = i / blocks * image_stride + i % blocks * width * places;
    transpose(plain + first, width, places, places, inner + i * width * places, width);
  }
}

void ChannelBlocks::unpack(const uint16_t* inner, uint16_t* plain) const {
  for (int64_t i = 0; i < images * blocks; ++i) {
    const int64_t first = i / blocks * image_stride + i % blocks * width * places;
    transpose(inner + i * width * places, places, width, width, plain + first, places);
  }
}

void ConvOperand::pack(const char* call, void* from, void* to) const {
  void* const pointers[] = {from, to};
  if (blocks) {
    blocks->pack(static_cast<const uint16_t*>(from), static_cast<uint16_t*>(to));
  } else if (reorder) {
    reorder->run(call, pointers);
  }
}

void ConvOperand::unpack(const char* call, void* from, void* to) const {
  void* const pointers[] = {from, to};
  if (blocks) {
    blocks->unpack(static_cast<const uint16_t*>(from), static_cast<uint16_t*>(to));
  } else if (reorder) {
    reorder->run(call, pointers);
  }
}

std::shared_ptr<const ConvPlan> find_conv_plan(const char* call, const ConvPiece& piece) {
  static DnnlPlanCache<ConvPlan> cache(1024);
  const ConvArgs& w = piece.whole;
  const DnnlKey key = {static_cast<int64_t>(piece.direction) * 32 +
                           static_cast<int64_t>(piece.dtype) * 2 + piece.bias,
                       piece.n,
                       piece.ic,
                       piece.oc,
                       piece.groups,
                       w.ic,
                       w.oc,
                       w.groups,
                       w.ih,
                       w.iw,
                       w.oh,
                       w.ow,
                       w.kh,
                       w.kw,
                       w.stride_h,
                       w.stride_w,
                       w.padding_h,
                       w.padding_w,
                       w.dilation_h,
                       w.dilation_w,
                       piece.x_width,
                       piece.y_width};
  return with_tenon_errors(call, [&] { return cache.find(key, [&] { return make_plan(piece); }); });
}

}  // namespace tenon::cpu
