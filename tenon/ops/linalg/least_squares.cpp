// What singular values and products make of matrices: norms, pinv, rank, lstsq, powers, chains.

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"
#include "tenon/ops/linalg/matrices_internal.h"

namespace tenon::ops {
namespace {

/// Singular values up to this count as 0: max(atol, rtol times the largest), where rtol is by
/// default the larger size times the dtype's epsilon, or 0 where only atol is given.
Tensor cutoff(const Tensor& a, const Tensor& s, std::optional<double> atol,
              std::optional<double> rtol) {
  const double epsilon = real_of(a.dtype()) == kFloat64 ? std::numeric_limits<double>::epsilon()
                                                        : std::numeric_limits<float>::epsilon();
  const auto larger = static_cast<double>(std::max(a.size(-1), a.size(-2)));
  const double relative = rtol.value_or(atol.value_or(0) > 0 ? 0.0 : larger * epsilon);
  return clamp(amax(s, {-1}, true) * relative, Scalar(atol.value_or(0.0)));
}

Tensor pinv_of(const Tensor& a, std::optional<double> atol, std::optional<double> rtol) {
  check_matrices("linalg_pinv", a);
  if (a.numel() == 0) return zeros_like(transposed(a));
  const auto [u, s, vh] = linalg_svd(a, false);
  const Tensor keeps = s > stop_gradient(cutoff(a, s, atol, rtol));
  const Tensor inverse = where(keeps, 1 / where(keeps, s, 1), 0);
  return matmul(scale_columns(conjugate_transpose(vh), inverse), conjugate_transpose(u));
}

Tensor power_of(const Tensor& a, int64_t n) {
  check_square("linalg_matrix_power", a);
  Tensor base = n < 0 ? linalg_inv(a) : a;
  uint64_t left = n < 0 ? 0 - static_cast<uint64_t>(n) : static_cast<uint64_t>(n);
  if (left == 0) {
    return expand(eye(a.size(-1), {}, a.dtype(), a.device()), a.sizes()).clone();
  }
  Tensor result;
  for (; left != 0; left >>= 1) {
    if (left & 1) result = result.defined() ? matmul(result, base) : base;
    if (left > 1) base = matmul(base, base);
  }
  return result;
}

/// Where each chain of tensors is best cut, by the number of multiplications.
struct Chain {
  std::vector<Tensor> tensors;
  std::vector<std::vector<size_t>> cuts;

  explicit Chain(std::vector<Tensor> given) : tensors(std::move(given)) {
    const size_t count = tensors.size();
    cuts.assign(count, std::vector<size_t>(count));
    std::vector<std::vector<double>> costs(count, std::vector<double>(count));
    const auto size_before = [&](size_t i) {
      return static_cast<double>(i < count ? tensors[i].size(0) : tensors[i - 1].size(1));
    };
    for (size_t length = 1; length < count; ++length) {
      for (size_t i = 0; i + length < count; ++i) {
        const size_t last = i + length;
        costs[i][last] = std::numeric_limits<double>::infinity();
        for (size_t cut = i; cut < last; ++cut) {
          const double cost = costs[i][cut] + costs[cut + 1][last] +
                              size_before(i) * size_before(cut + 1) * size_before(last + 1);
          if (cost >= costs[i][last]) continue;
          costs[i][last] = cost;
          cuts[i][last] = cut;
        }
      }
    }
  }
  Tensor product(size_t first, size_t last) const {
    if (first == last) return tensors[first];
    const size_t cut = cuts[first][last];
    return matmul(product(first, cut), product(cut + 1, last));
  }
};

Tensor multi_dot_of(TensorList given) {
  const char* const call = "linalg_multi_dot";
  if (given.size() < 2) fail<ValueError>(call, "expected at least two tensors");
  std::vector<Tensor> tensors(given.begin(), given.end());
  const bool row = tensors.front().dim() == 1, column = tensors.back().dim() == 1;
  if (row) tensors.front() = unsqueeze(tensors.front(), 0);
  if (column) tensors.back() = unsqueeze(tensors.back(), 1);
  for (size_t i = 0; i < tensors.size(); ++i) {
    const bool fits =
        tensors[i].dim() == 2 && (i == 0 || tensors[i].size(0) == tensors[i - 1].size(1));
    if (fits) continue;
    fail<ShapeError>(call, fmt::format("tensor {} of sizes {} doesn't continue the chain: expected "
                                       "matrices whose inner sizes are equal (the first and the "
                                       "last may be vectors)",
                                       i, to_string(given[i].sizes())));
  }
  Tensor product = Chain(tensors).product(0, tensors.size() - 1);
  if (column) product = squeeze(product, {1});
  return row ? squeeze(product, {0}) : product;
}

/// Norms of matrices in the last two dims.
Tensor last_dims_norm(const Tensor& a, std::string_view ord) {
  const auto extreme = [&](const Tensor& x, bool largest) {
    return largest ? amax(x, {-1}) : amin(x, {-1});
  };
  if (ord == "fro") return norm(a, 2, {-2, -1});
  if (ord == "nuc") return sum(linalg_svdvals(a), {-1});
  if (ord == "inf" || ord == "-inf") return extreme(sum(abs(a), {-1}), ord == "inf");
  if (ord == "1" || ord == "-1") return extreme(sum(abs(a), {-2}), ord == "1");
  if (ord == "2" || ord == "-2") return extreme(linalg_svdvals(a), ord == "2");
  fail<ValueError>("linalg_matrix_norm",
                   fmt::format("expected ord fro, nuc, inf, -inf, 1, -1, 2 or -2, got {}", ord));
}

std::vector<Sample> matrix_samples(std::vector<Attribute> attributes) {
  return {{{sample_tensor({4, 3})}, attributes}, {{sample_tensor({2, 2, 3})}, attributes}};
}

std::vector<Sample> power_samples() {
  std::vector<Sample> samples;
  for (const int64_t n : {0, 1, 3, 6, -2}) {
    samples.push_back({{sample_square({3, 3}) * 0.25}, {Attribute(n)}});
  }
  return samples;
}

}  // namespace

void define_linalg_vector_norm(OpDef& op) {
  op.doc("norm with `ord` for p, of x converted to `dtype` where it is given.")
      .accepts(kFloatSet | kComplexSet)
      .compose([](const Tensor& x, double ord, IntList dims, bool keepdim,
                  std::optional<DType> dtype) -> Tensor {
        return norm(dtype ? x.to(*dtype) : x, ord, dims, keepdim);
      })
      .samples([]() -> std::vector<Sample> {
        const auto of = [](double ord, IntList dims) {
          return std::vector<Attribute>{Attribute(ord), Attribute(dims), Attribute(false),
                                        Attribute()};
        };
        return {{{sample_tensor({3, 4}, 0.2, 2)}, of(2, {})},
                {{sample_tensor({3, 4}, 0.2, 2)}, of(1, {1})}};
      });
}

void define_linalg_matrix_norm(OpDef& op) {
  op.doc(
        "A norm of the matrices in the two `dims` (the last two unless given): 'fro' the root of "
        "the sum of squares; 'nuc' the sum of the singular values, '2' and '-2' the largest and "
        "the smallest; '1' and '-1' the largest and smallest sum of |x| down a column, 'inf' and "
        "'-inf' along a row. ValueError for others.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& a, std::string_view ord, IntList dims, bool keepdim) -> Tensor {
        check_matrices("linalg_matrix_norm", a);
        const Shape plane = dims.empty() ? Shape{-2, -1} : Shape(dims);
        if (plane.size() != 2) {
          fail<ValueError>("linalg_matrix_norm",
                           fmt::format("expected two dims, got {}", to_string(dims)));
        }
        const Tensor y = last_dims_norm(movedim(a, plane, {-2, -1}), ord);
        if (!keepdim) return y;
        const int64_t first = normalize_dim("linalg_matrix_norm", plane[0], a.dim());
        const int64_t second = normalize_dim("linalg_matrix_norm", plane[1], a.dim());
        return unsqueeze(unsqueeze(y, std::min(first, second)), std::max(first, second));
      })
      .samples([]() -> std::vector<Sample> {
        std::vector<Sample> samples;
        for (const char* ord : {"fro", "nuc", "inf", "-inf", "1", "-1", "2", "-2"}) {
          samples.push_back(
              {{sample_tensor({4, 3})}, {Attribute(ord), Attribute(Shape{}), Attribute(false)}});
        }
        samples.push_back({{sample_tensor({3, 2, 4})},
                           {Attribute("fro"), Attribute(Shape{0, 2}), Attribute(true)}});
        return samples;
      });
}

void define_linalg_pinv(OpDef& op) {
  op.doc(
        "The pseudo-inverse of each matrix, from its singular values, of which those up to "
        "max(atol, rtol times the largest) count as 0 (rtol: the larger size times the dtype's "
        "epsilon, or 0 where atol is given).")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& a, std::optional<double> atol,
                  std::optional<double> rtol) -> Tensor { return pinv_of(a, atol, rtol); })
      .samples([] {
        return matrix_samples({Attribute(), Attribute()});
      });
}

void define_pinverse(OpDef& op) {
  op.doc("linalg_pinv with `rcond` for rtol.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, double rcond) -> Tensor { return pinv_of(x, {}, rcond); })
      .samples([] { return matrix_samples({Attribute(1e-15)}); });
}

void define_linalg_matrix_rank(OpDef& op) {
  op.doc("How many singular values don't count as 0, as for linalg_pinv: int64.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .compose(
          [](const Tensor& a, std::optional<double> atol, std::optional<double> rtol) -> Tensor {
            check_matrices("linalg_matrix_rank", a);
            const Tensor s = linalg_svdvals(a);
            if (s.size(-1) == 0) return sum(s != 0, {-1});
            return sum(s > cutoff(a, s, atol, rtol), {-1});
          })
      .not_differentiable()
      .samples([] {
        std::vector<Sample> samples = matrix_samples({Attribute(), Attribute()});
        samples.push_back(
            {{outer(sample_tensor({3}), sample_tensor({4}))}, {Attribute(), Attribute()}});
        for (Sample& sample : samples) sample.differentiable = false;
        return samples;
      });
}

void define_linalg_lstsq(OpDef& op) {
  op.doc(
        "X [..., n, k] that makes A X - B smallest, of the smallest size, by the pseudo-inverse; "
        "the sums of squares of what is left [..., k], empty unless A has more rows than columns; "
        "A's rank; and its singular values.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& a, const Tensor& b) -> std::tuple<Tensor, Tensor, Tensor, Tensor> {
        check_matrices("linalg_lstsq", a);
        check_matrices("linalg_lstsq", b);
        const Tensor x = matmul(linalg_pinv(a), b);
        Tensor left = zeros({0}, real_of(a.dtype()), a.device());
        if (a.size(-2) > a.size(-1)) {
          const Tensor rest = matmul(a, x) - b;
          left = sum(square(rest.is_complex() ? abs(rest) : rest), {-2});
        }
        return {x, left, linalg_matrix_rank(a), linalg_svdvals(a)};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({4, 3}), sample_tensor({4, 2}, -1, 1, 2)}, {}},
                {{sample_tensor({2, 3}), sample_tensor({2, 1}, -1, 1, 2)}, {}}};
      });
}

void define_linalg_matrix_power(OpDef& op) {
  op.doc(
        "The product of `n` times each square matrix, by repeated squaring; of its inverse for "
        "negative n; the identity for 0.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& a, int64_t n) -> Tensor { return power_of(a, n); })
      .samples(power_samples);
}

void define_matrix_power(OpDef& op) {
  op.doc("The power of each square matrix; see linalg_matrix_power.")
      .accepts(kFactorSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, int64_t n) -> Tensor { return power_of(x, n); })
      .samples(power_samples);
}

void define_linalg_multi_dot(OpDef& op) {
  op.doc(
        "The product of two or more matrices in the order that takes the fewest multiplications; "
        "the first may be a row and the last a column.")
      .accepts(kFloatSet | kComplexSet)
      .compose([](TensorList tensors) -> Tensor { return multi_dot_of(tensors); })
      .samples([]() -> std::vector<Sample> {
        const auto of = [](std::initializer_list<Shape> sizes) {
          Sample sample;
          for (const Shape& s : sizes) {
            sample.inputs.push_back(sample_tensor(s, -1, 1, sample.inputs.size() + 1));
          }
          return sample;
        };
        return {of({{2, 3}, {3, 4}}), of({{5, 2}, {2, 6}, {6, 1}, {1, 3}}), of({{3}, {3, 2}, {2}})};
      });
}

}  // namespace tenon::ops
