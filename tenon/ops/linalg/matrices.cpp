#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"
#include "tenon/ops/linalg/matrices_internal.h"

namespace tenon::ops {

void check_matrices(std::string_view call, const Tensor& x) {
  if (x.dim() < 2) {
    fail<ShapeError>(call, fmt::format("expected a matrix or a batch of them, got sizes {}",
                                       to_string(x.sizes())));
  }
  if (!contains(kFactorSet, x.dtype())) {
    fail<DTypeError>(
        call, fmt::format("expected one of {}, got {}", to_string(kFactorSet), name_of(x.dtype())));
  }
}

void check_square(std::string_view call, const Tensor& x) {
  check_matrices(call, x);
  if (x.size(-1) != x.size(-2)) {
    fail<ShapeError>(call,
                     fmt::format("expected square matrices, got sizes {}", to_string(x.sizes())));
  }
}

Tensor in_batch(const Tensor& x, const Shape& batch) {
  Shape sizes = batch;
  sizes.push_back(x.size(-2));
  sizes.push_back(x.size(-1));
  return expand(x, sizes);
}

Shape common_batch(std::string_view call, const Tensor& a, const Tensor& b) {
  const auto before = [](const Tensor& x) {
    return std::span<const int64_t>(x.sizes().data(), x.sizes().size() - 2);
  };
  return broadcast_shapes(call, before(a), before(b));
}

Tensor sample_square(IntList sizes, uint64_t seed) {
  const Tensor x = sample_tensor(sizes, -0.5, 0.5, seed);
  const int64_t n = x.size(-1);
  auto* out = x.data<double>();
  for (int64_t i = 0; i < x.numel(); ++i) {
    const int64_t row = i / n % n;
    if (i % n == row) out[i] += static_cast<double>(2 + row);
  }
  return x;
}

Tensor sample_symmetric(IntList sizes, uint64_t seed) {
  const Tensor x = sample_square(sizes, seed);
  return ((x + transposed(x)) * 0.5).contiguous();
}

Tensor sample_complex_square(IntList sizes, uint64_t seed) {
  return complex(sample_square(sizes, seed), sample_tensor(sizes, -0.5, 0.5, seed + 10));
}

Tensor sample_hermitian(IntList sizes, uint64_t seed) {
  const Tensor x = sample_complex_square(sizes, seed);
  return ((x + conjugate_transpose(x)) * 0.5).contiguous();
}

}  // namespace tenon::ops
