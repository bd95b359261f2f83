// The convolutions of compiled functions (ops/conv/conv2d_block.cpp): in one go where
// backends/cpu/dnnl offers that, else part by part, which is also what the tests hold the former
// against.

#include <algorithm>
#include <cmath>
#include <vector>

#include "tenon/backends/cpu/kernels/conv.h"
#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/pooling.h"
#include "tenon/backends/cpu/kernels/support.h"
#include "tenon/base/parallel.h"

namespace tenon::cpu {
namespace {

constexpr int64_t kPlacesWidth = 16;

/// The width of the blocks that images of so many channels lie in; 0: row-major.
int64_t width_of(int64_t width, int64_t channels) {
  return width > 0 && channels % width == 0 ? width : 0;
}

/// Copies images from blocks to row-major, or the reverse.
void copy_blocks(const Tensor& from, bool from_blocks, int64_t width, const Tensor& to) {
  const Shape& sizes = to.sizes();
  const int64_t places = sizes[2] * sizes[3], image = sizes[1] * places;
  const Shape split{sizes[0], sizes[1] / width, width, places};
  const Shape blocks{image, width * places, 1, width}, plain{image, width * places, places, 1};
  copy_strided(split, {static_cast<char*>(from.impl()->data()), from_blocks ? blocks : plain},
               {static_cast<char*>(to.impl()->data()), from_blocks ? plain : blocks},
               size_of(to.dtype()));
}

/// What lies in blocks, row-major.
Tensor unblocked(const Tensor& x, int64_t width) {
  if (width == 0 || x.numel() == 0) return x;
  const Tensor plain = new_tensor(x.sizes(), x.dtype());
  copy_blocks(x, true, width, plain);
  return plain;
}

void put_in_blocks(const Tensor& plain, int64_t width, const Tensor& result) {
  copy_blocks(plain, false, width, result);
}

/// Calls body(x, i) for each element of a floating tensor.
template <class Body>
void for_each(const Tensor& x, Body body) {
  visit_dtype(x.dtype(), [&]<class Tag>(Tag) {
    using T = typename Tag::Type;
    if constexpr (is_floating(dtype_of<T>)) {
      auto* const values = static_cast<T*>(x.impl()->data());
      for (int64_t i = 0; i < x.numel(); ++i) body(values[i], i);
    }
  });
}

template <class T>
bool is_off(T value) {
  return static_cast<double>(
             static_cast<std::conditional_t<sizeof(T) == 8, double, float>>(value)) <= 0;
}

void relu(const Tensor& x) {
  for_each(x, [](auto& value, int64_t) {
    if (is_off(value)) value = std::remove_reference_t<decltype(value)>(0.0f);
  });
}

/// As PoolArgs' indices have it, where the largest of each 2 x 2 of z is; z is a relu's.
void pool(const Tensor& z, const Tensor& values, const Tensor& places) {
  PoolArgs args;
  args.dtype = z.dtype();
  args.planes = z.size(0) * z.size(1);
  args.ih = z.size(2);
  args.iw = z.size(3);
  args.oh = values.size(2);
  args.ow = values.size(3);
  args.kh = args.kw = args.stride_h = args.stride_w = 2;
  std::vector<int64_t> indices(static_cast<size_t>(values.numel()));
  max_pool_forward(args, z.impl()->data(), values.impl()->data(), indices.data());
  const Tensor plain = new_tensor(places.sizes(), kUInt8);
  auto* const to = plain.data<uint8_t>();
  for_each(values, [&](auto& value, int64_t i) {
    const int64_t index = indices[static_cast<size_t>(i)];
    const int64_t corner = index / args.iw % 2 * 2 + index % args.iw % 2;
    to[i] = static_cast<uint8_t>(is_off(value) ? 4 : corner);
  });
  const int64_t width = width_of(kPlacesWidth, places.size(1));
  copy_blocks(plain, false, std::max<int64_t>(width, 1), places);
}

/// The gradient of what was pooled, row-major.
Tensor unpooled(const Tensor& dy, const Tensor& blocked_places, const Shape& sizes) {
  const Tensor places = unblocked(blocked_places, width_of(kPlacesWidth, blocked_places.size(1)));
  const Tensor dz = new_tensor(sizes, dy.dtype());
  clear({const_cast<Tensor*>(&dz), 1});
  const int64_t width = sizes[3], plane = sizes[2] * width;
  const int64_t pooled_width = dy.size(3), pooled_plane = dy.size(2) * pooled_width;
  const auto* const at = places.data<uint8_t>();
  for_each(dy, [&](auto& value, int64_t i) {
    if (at[i] > 3) return;
    const int64_t place = i % pooled_plane;
    const int64_t row = place / pooled_width * 2 + at[i] / 2;
    const int64_t column = place % pooled_width * 2 + at[i] % 2;
    using T = std::remove_reference_t<decltype(value)>;
    static_cast<T*>(dz.impl()->data())[i / pooled_plane * plane + row * width + column] = value;
  });
  return dz;
}

/// The convolution's own result for these operands.
Shape sizes_before_pooling(const Call& call, size_t first, const Shape& x, const Shape& weight) {
  const auto steps = [&](int64_t size, int64_t kernel, int64_t stride, int64_t padding,
                         int64_t dilation) {
    return (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
  };
  const HeightWidth stride = pair(call, first), padding = pair(call, first + 1),
                    dilation = pair(call, first + 2);
  return {x[0], weight[0], steps(x[2], weight[2], stride.height, padding.height, dilation.height),
          steps(x[3], weight[3], stride.width, padding.width, dilation.width)};
}

Tensor optional(const Call& call, size_t input) {
  return call.has(input) ? row_major(call.input(input)) : Tensor();
}
const void* data_of(const Tensor& x) { return x.defined() ? x.impl()->data() : nullptr; }

/// How x and y lie, by the attributes from `first` on.
ConvBlock block_of(const Call& call, size_t first, int64_t in, int64_t out) {
  ConvBlock block;
  block.x_width = width_of(call.get<int64_t>(first), in);
  block.y_width = width_of(call.get<int64_t>(first + 1), out);
  return block;
}

/// A batch norm's numbers, inputs 3 to 6 of a forward call, folded into its weight and bias:
/// numbers of the call's dtype, those of the weight first.
class Folding {
 public:
  static bool is_wanted(const Call& call) { return call.has(3) && call.input(1).numel() != 0; }
  /// Looks at no numbers, which aren't there yet when a plan asks.
  static int64_t count(const Call& call) { return call.input(1).numel() + call.input(1).size(0); }
  static void write(const Call& call, double eps, void* to) {
    const Folding folding(call);
    visit_dtype(folding.weight_.dtype(), [&]<class Tag>(Tag) {
      using T = typename Tag::Type;
      if constexpr (is_floating(dtype_of<T>)) folding.write<T>(eps, static_cast<T*>(to));
    });
  }

 private:
  explicit Folding(const Call& call)
      : call_(call), weight_(row_major(call.input(1))), channels_(weight_.size(0)) {}

  template <class T>
  void write(double eps, T* to) const {
    using Wide = std::conditional_t<sizeof(T) == 8, double, float>;
    const Tensor bias = optional(call_, 2), mean = row_major(call_.input(3)),
                 variance = row_major(call_.input(4)), scale = optional(call_, 5),
                 shift = optional(call_, 6);
    const auto at = [](const Tensor& tensor, int64_t i, Wide otherwise) {
      return tensor.defined() ? static_cast<Wide>(static_cast<const T*>(tensor.impl()->data())[i])
                              : otherwise;
    };
    const auto* const weight = static_cast<const T*>(weight_.impl()->data());
    const int64_t filter = weight_.numel() / channels_;
    constexpr int64_t kPieceElements = 32768;
    parallel_for(channels_, std::max<int64_t>(1, kPieceElements / filter),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t c = begin; c < end; ++c) {
                     const Wide deviation = std::sqrt(at(variance, c, 1) + static_cast<Wide>(eps));
                     const Wide factor = at(scale, c, 1) / deviation;
                     for (int64_t i = c * filter; i < (c + 1) * filter; ++i) {
                       to[i] = T(static_cast<Wide>(weight[i]) * factor);
                     }
                     to[weight_.numel() + c] =
                         T((at(bias, c, 0) - at(mean, c, 0)) * factor + at(shift, c, 0));
                   }
                 });
  }

  const Call& call_;
  Tensor weight_;
  int64_t channels_;
};

/// Weight and bias that a forward call uses.
struct Filters {
  Tensor weight;  // of these sizes
  Tensor own_bias, folded;
  const void *data, *bias;

  Filters(const Call& call, double eps) : weight(call.input(1)) {
    if (Folding::is_wanted(call)) {
      folded = new_tensor({Folding::count(call)}, call.input(1).dtype());
      Folding::write(call, eps, folded.impl()->data());
      take(folded.impl()->data());
    } else {
      weight = row_major(weight);
      own_bias = optional(call, 2);
      data = weight.impl()->data();
      bias = data_of(own_bias);
    }
  }
  /// Folded before.
  Filters(const Call& call, const void* numbers) : weight(call.input(1)) { take(numbers); }

 private:
  void take(const void* numbers) {
    data = numbers;
    bias = static_cast<const char*>(numbers) +
           static_cast<size_t>(weight.numel()) * size_of(weight.dtype());
  }
};

void run_block(const Call& call, std::span<Tensor> outputs, const Filters& filters) {
  const Tensor x = row_major(call.input(0));
  const Tensor& y = outputs[0];
  if (y.numel() == 0) return;
  const ConvArgs args = conv_args(call, 0, x.sizes(), filters.weight.sizes(), y.sizes());
  ConvBlock block = block_of(call, 4, args.ic, args.oc);
  block.relu = call.get<bool>(6);
  if (convolution_block_forward(args, block, x.impl()->data(), filters.data, filters.bias,
                                y.impl()->data())) {
    return;
  }
  const Tensor plain = block.y_width ? new_tensor(y.sizes(), y.dtype()) : y;
  convolution_forward(args, unblocked(x, block.x_width).impl()->data(), filters.data, filters.bias,
                      plain.impl()->data());
  if (block.relu) relu(plain);
  if (block.y_width) put_in_blocks(plain, block.y_width, y);
}

void run_block_pool(const Call& call, std::span<Tensor> outputs, const Filters& filters) {
  const Tensor x = row_major(call.input(0));
  const Tensor &values = outputs[0], &places = outputs[1];
  if (values.numel() == 0) return;
  const Shape& weight = filters.weight.sizes();
  const Shape sizes = sizes_before_pooling(call, 0, x.sizes(), weight);
  const ConvArgs args = conv_args(call, 0, x.sizes(), weight, sizes);
  ConvBlock block;
  block.x_width = width_of(call.get<int64_t>(4), args.ic);
  block.places = places.data<uint8_t>();
  if (convolution_block_forward(args, block, x.impl()->data(), filters.data, filters.bias,
                                values.impl()->data())) {
    return;
  }
  const Tensor z = new_tensor(sizes, x.dtype());
  convolution_forward(args, unblocked(x, block.x_width).impl()->data(), filters.data, filters.bias,
                      z.impl()->data());
  relu(z);
  pool(z, values, places);
}

double eps_of_block(const Call& call) { return call.get<double>(7); }
double eps_of_block_pool(const Call& call) { return call.get<double>(5); }

void conv2d_block_kernel(const Call& call, std::span<Tensor> outputs) {
  run_block(call, outputs, Filters(call, eps_of_block(call)));
}

void conv2d_block_pool_kernel(const Call& call, std::span<Tensor> outputs) {
  run_block_pool(call, outputs, Filters(call, eps_of_block_pool(call)));
}

/// What both gradients read: dy, or the values' and their places.
struct Arriving {
  Tensor dy, places;
  Shape sizes;  // of the convolution's result

  Arriving(const Call& call, size_t places_input, size_t first, const Shape& x, const Shape& weight)
      : dy(row_major(call.input(0))),
        places(optional(call, places_input)),
        sizes(sizes_before_pooling(call, first, x, weight)) {}

  uint8_t* pooled() const { return places.defined() ? places.data<uint8_t>() : nullptr; }
  Tensor plain(int64_t width) const {
    return places.defined() ? unpooled(dy, places, sizes) : unblocked(dy, width);
  }
};

void conv2d_block_backward_input_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor weight = row_major(call.input(1)), result = optional(call, 3);
  const Tensor& dx = outputs[0];
  const Arriving arriving(call, 2, 1, dx.sizes(), weight.sizes());
  if (arriving.dy.numel() == 0) return clear(outputs);
  if (dx.numel() == 0) return;
  const ConvArgs args = conv_args(call, 1, dx.sizes(), weight.sizes(), arriving.sizes);
  ConvBlock block = block_of(call, 5, args.ic, args.oc);
  block.places = arriving.pooled();
  block.result = data_of(result);
  if (convolution_block_backward_data(args, block, arriving.dy.impl()->data(),
                                      weight.impl()->data(), dx.impl()->data())) {
    return;
  }
  const Tensor plain = block.x_width ? new_tensor(dx.sizes(), dx.dtype()) : dx;
  convolution_backward_data(args, arriving.plain(block.y_width).impl()->data(),
                            weight.impl()->data(), plain.impl()->data());
  if (block.x_width) put_in_blocks(plain, block.x_width, dx);
  if (!result.defined()) return;
  for_each(dx, [&](auto& value, int64_t i) {
    using T = std::remove_reference_t<decltype(value)>;
    if (is_off(static_cast<const T*>(result.impl()->data())[i])) value = T(0.0f);
  });
}

void conv2d_block_backward_weight_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = row_major(call.input(1));
  const Arriving arriving(call, 2, 1, x.sizes(), outputs[0].sizes());
  if (arriving.dy.numel() == 0) return clear(outputs);
  const ConvArgs args = conv_args(call, 1, x.sizes(), outputs[0].sizes(), arriving.sizes);
  ConvBlock block = block_of(call, 5, args.ic, args.oc);
  block.places = arriving.pooled();
  if (convolution_block_backward_weights(args, block, x.impl()->data(), arriving.dy.impl()->data(),
                                         outputs[0].impl()->data(), outputs[1].impl()->data())) {
    return;
  }
  convolution_backward_weights(args, unblocked(x, block.x_width).impl()->data(),
                               arriving.plain(block.y_width).impl()->data(),
                               outputs[0].impl()->data(), outputs[1].impl()->data());
}

}  // namespace

bool folds_filters(const KernelRun& run) {
  const bool is_forward =
      run.kernel == conv2d_block_kernel || run.kernel == conv2d_block_pool_kernel;
  return is_forward && Folding::is_wanted(run.call);
}

size_t folded_bytes(const KernelRun& run) {
  return static_cast<size_t>(Folding::count(run.call)) * size_of(run.call.input(1).dtype());
}

void fold_filters(const KernelRun& run, void* folded) {
  const bool pools = run.kernel == conv2d_block_pool_kernel;
  const double eps = pools ? eps_of_block_pool(run.call) : eps_of_block(run.call);
  Folding::write(run.call, eps, folded);
}

void run_folded(const KernelRun& run, const void* folded) {
  const Filters filters(run.call, folded);
  const bool pools = run.kernel == conv2d_block_pool_kernel;
  (pools ? run_block_pool : run_block)(run.call, run.outputs, filters);
}

void register_conv_block() {
  register_kernel(OpId::kConv2dBlock, kCpu.type, conv2d_block_kernel);
  register_kernel(OpId::kConv2dBlockPool, kCpu.type, conv2d_block_pool_kernel);
  register_kernel(OpId::kConv2dBlockBackwardInput, kCpu.type, conv2d_block_backward_input_kernel);
  register_kernel(OpId::kConv2dBlockBackwardWeight, kCpu.type, conv2d_block_backward_weight_kernel);
}

}  // namespace tenon::cpu
