// New tensors of complex numbers: constants, evenly spaced and random ones.

#include <numbers>

#include "tenon/backends/cpu/kernels/complex.h"
#include "tenon/dispatch/dispatch.h"

namespace tenon::cpu {
namespace {

void fill_with(const Tensor& output, Complex value) {
  visit_complex(output.dtype(), [&](auto zero) {
    using T = decltype(zero);
    T* out = output.data<T>();
    std::fill(out, out + output.numel(), T(value));
  });
}

void zeros_kernel(const Call&, std::span<Tensor> outputs) { fill_with(outputs[0], 0); }
void ones_kernel(const Call&, std::span<Tensor> outputs) { fill_with(outputs[0], 1); }
void full_kernel(const Call& call, std::span<Tensor> outputs) {
  for (const Attribute& attribute : call.attributes) {
    if (attribute.is_number()) fill_with(outputs[0], attribute.number().to_complex());
  }
}

/// From both ends, so that the last number is exactly the one asked for.
void linspace_kernel(const Call& call, std::span<Tensor> outputs) {
  const Complex start = call.attribute(0).number().to_complex();
  const Complex end = call.attribute(1).number().to_complex();
  const int64_t steps = outputs[0].numel();
  const Complex step = (end - start) / static_cast<double>(std::max<int64_t>(steps - 1, 1));
  visit_complex(outputs[0].dtype(), [&](auto zero) {
    using T = decltype(zero);
    T* out = outputs[0].data<T>();
    for (int64_t i = 0; i < steps; ++i) {
      out[i] = T(2 * i < steps ? start + step * static_cast<double>(i)
                               : end - step * static_cast<double>(steps - 1 - i));
    }
  });
}

/// Both parts of each number drawn by the real op `drawn`, and multiplied with `scale`.
void draw(const Call& call, OpId drawn, double scale, const Tensor& output) {
  Shape sizes = output.sizes();
  sizes.push_back(2);
  const Attribute attributes[] = {Attribute(sizes), Attribute(real_of(output.dtype())),
                                  Attribute(kCpu), call.attributes.back()};
  const Tensor parts = dispatch(Call{op_definition(drawn), {}, attributes});
  visit_complex(output.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto* in = parts.data<typename T::value_type>();
    T* out = output.data<T>();
    const auto factor = static_cast<typename T::value_type>(scale);
    for (int64_t i = 0; i < output.numel(); ++i) {
      out[i] = T(in[2 * i] * factor, in[2 * i + 1] * factor);
    }
  });
}

void rand_kernel(const Call& call, std::span<Tensor> outputs) {
  draw(call, OpId::kRand, 1, outputs[0]);
}
/// Of variance 1, to which each part contributes a half.
void randn_kernel(const Call& call, std::span<Tensor> outputs) {
  draw(call, OpId::kRandn, 1 / std::numbers::sqrt2, outputs[0]);
}

}  // namespace

void register_complex_creation() {
  const auto add = [](OpId op, Kernel kernel) { register_kernel(op, kCpu.type, kernel); };
  add(OpId::kZeros, zeros_kernel);
  add(OpId::kZerosLike, zeros_kernel);
  add(OpId::kZero, zeros_kernel);
  add(OpId::kOnes, ones_kernel);
  add(OpId::kOnesLike, ones_kernel);
  add(OpId::kFull, full_kernel);
  add(OpId::kFullLike, full_kernel);
  add(OpId::kFill, full_kernel);
  add(OpId::kLinspace, linspace_kernel);
  add(OpId::kRand, rand_kernel);
  add(OpId::kRandLike, rand_kernel);
  add(OpId::kRandn, randn_kernel);
  add(OpId::kRandnLike, randn_kernel);
}

}  // namespace tenon::cpu
