#include <iterator>

#include "tenon/ops/operators.h"
#include "tests/random_programs/actions.h"

namespace tenon::programs {
namespace {

struct Unary {
  const char* name;
  Tensor (*function)(const Tensor&);
};

/// Continuous, and of values that don't grow much.
constexpr Unary kSmooth[] = {
    {"tanh", tanh},
    {"sigmoid", sigmoid},
    {"erf", erf},
    {"atan", atan},
    {"silu", silu},
    {"neg", neg},
    {"gelu", [](const Tensor& x) { return gelu(x); }},
    {"softplus", [](const Tensor& x) { return softplus(x); }},
    {"exp(-square)", [](const Tensor& x) { return exp(-square(x)); }},
    {"sqrt(1+square)", [](const Tensor& x) { return sqrt(square(x) + 1); }},
    {"log1p(square)", [](const Tensor& x) { return log1p(square(x)); }},
    {"rsqrt(1+square)", [](const Tensor& x) { return rsqrt(1 + square(x)); }},
    {"1/(2+square)", [](const Tensor& x) { return 1 / (square(x) + 2); }},
};
/// With kinks and jumps, or such that a last bit counts for much.
constexpr Unary kJumping[] = {
    {"relu", relu},
    {"abs", abs},
    {"floor", floor},
    {"round", round},
    {"sign", sign},
    {"sin", sin},
    {"cos", cos},
    {"exp", exp},
    {"square", square},
    {"elu", [](const Tensor& x) { return elu(x); }},
    {"leaky_relu", [](const Tensor& x) { return leaky_relu(x, 0.1); }},
    {"sqrt(abs)", [](const Tensor& x) { return sqrt(abs(x)); }},
    {"log", log},
    {"isfinite", isfinite},
    {"logical_not", logical_not},
};

void unary(Machine& m, const Statement&) {
  const Tensor x = m.pick();
  const bool jumps = m.is_exact() && m.dice().chance(45);
  const Unary& chosen =
      m.dice().one_of(jumps ? std::span<const Unary>(kJumping) : std::span<const Unary>(kSmooth));
  m.note(chosen.name);
  m.add(chosen.function(x));
}

/// One of them is fitted to the other.
std::pair<Tensor, Tensor> pick_two(Machine& m, DTypeSet dtypes) {
  const Tensor a = m.pick(dtypes), b = m.pick(dtypes);
  return {a, fit(b, a.sizes())};
}

void arithmetic(Machine& m, const Statement&) {
  const auto [a, b] = pick_two(m, kRealSet);
  const int64_t kind = m.dice().below(m.is_exact() ? 10 : 6);
  m.note(std::to_string(kind));
  switch (kind) {
    case 0:
      return m.add(a + b);
    case 1:
      return m.add(b - a);
    case 2:
      return m.add(a * tanh(b));
    case 3:
      return m.add(a / (square(tanh(b)) + 1));
    case 4:
      return m.add(lerp(tanh(a), sigmoid(b), 0.25));
    case 5:
      return m.add(tanh(a) * b * 0.5 + a);
    case 6:
      return m.add(maximum(a, b));
    case 7:
      return m.add(minimum(b, a));
    case 8:
      return m.add(a * b);
    default:
      return m.add(where(a > b, a, b * 2));
  }
}

void with_number(Machine& m, const Statement&) {
  const Tensor x = m.pick(kRealSet);
  const double number = m.number();
  const int64_t kind = m.dice().below(m.is_exact() ? 9 : 5);
  m.note(std::to_string(kind) + " " + std::to_string(number));
  switch (kind) {
    case 0:
      return m.add(x + number);
    case 1:
      return m.add(x * (number / 4));
    case 2:
      return m.add(number - x);
    case 3:
      return m.add(lerp(tanh(x), full({}, number), number / 8));
    case 4:
      return m.add(x / (number + 20));
    case 5:
      return m.add(clamp(x, -1 - number * number, 0.5 + number * number));
    case 6:
      return m.add(maximum(x, number));
    case 7:
      return m.add(masked_fill(x, x > number, number));
    default:
      return m.add(pow(x, 2));
  }
}

void compare(Machine& m, const Statement&) {
  const auto [a, b] = pick_two(m, kAnySet & ~kComplexSet);
  if (!m.is_exact()) return m.add(tanh(a) + 1);
  switch (m.dice().below(6)) {
    case 0:
      return m.add(a < b);
    case 1:
      return m.add(a == b);
    case 2:
      return m.add(logical_and(a, b));
    case 3:
      return m.add(logical_xor(a > 0, b > 0));
    case 4:
      return m.add(ge(a, m.number()));
    default:
      return m.add(where(a > 0, m.pick_floating().sum(), b), true);
  }
}

void whole_numbers(Machine& m, const Statement&) {
  const auto [a, b] = pick_two(m, kIntegerSet);
  switch (m.dice().below(6)) {
    case 0:
      return m.add(a * b + 1);
    case 1:
      return m.add(floor_divide(a, 2));
    case 2:
      return m.add(remainder(a, 3));
    case 3:
      return m.add(bitwise_and(a, b));
    case 4:
      return m.add(bitwise_xor(a, 5));
    default:
      return m.add(abs(a - b) % 4);
  }
}

void convert(Machine& m, const Statement&) {
  constexpr DType kAll[] = {kFloat32, kFloat64, kFloat16, kBFloat16, kInt32,
                            kInt64,   kUInt8,   kBool,    kFloat32};
  const Tensor x = m.pick();
  const DType to = m.dice().one_of(std::span<const DType>(kAll));
  if (is_floating(to)) return m.add(x.to(to));
  // What is out of an integer's range is anybody's guess.
  if (m.is_exact()) m.add(is_floating(x.dtype()) ? (tanh(x) * 3).to(to) : x.to(to));
}

/// Some dims of a tensor, each once.
std::vector<int64_t> some_dims(Machine& m, const Tensor& x) {
  std::vector<int64_t> dims;
  for (int64_t i = 0; i < x.dim(); ++i) {
    if (m.dice().chance(40)) dims.push_back(m.dice().chance(50) ? i : i - x.dim());
  }
  return dims;
}

void reduce(Machine& m, const Statement&) {
  const Tensor x = m.pick();
  const std::vector<int64_t> dims = some_dims(m, x);
  const bool keep = m.dice().chance(40);
  const int64_t kind = m.dice().below(m.is_exact() ? 10 : 5);
  m.note(std::to_string(kind));
  switch (kind) {
    case 0:
      return m.add(sum(x, dims, keep), true);
    case 1:
      return m.add(mean(x, dims, keep), true);
    case 2:
      return m.add(var(x, dims, 0, keep), true);
    case 3:
      return m.add(tanh(sum(x * x, dims, keep)), true);
    case 4:
      return m.add(logsumexp(x, dims, keep), true);
    case 5:
      return m.add(amax(x, dims, keep));
    case 6:
      return m.add(amin(x, dims, keep));
    case 7:
      return m.add(any(x, dims, keep));
    case 8:
      return m.add(all(x > 0, dims, keep));
    default:
      return m.add(x.dim() == 0 ? argmax(x) : argmin(x, m.dice().below(x.dim()), keep));
  }
}

void along_rows(Machine& m, const Statement&) {
  const Tensor x = m.pick_floating();
  if (x.dim() == 0) return m.add(softmax(x, 0), true);
  const int64_t dim = m.dice().below(x.dim());
  const int64_t kind = m.dice().below(m.is_exact() ? 10 : 7);
  m.note(std::to_string(kind));
  switch (kind) {
    case 0:
      return m.add(softmax(x, dim), true);
    case 1:
      return m.add(log_softmax(x, dim), true);
    case 2:
      return m.add(layer_norm(x, {x.size(-1)}, {}, {}, 0.1), true);
    case 3: {
      const Tensor weight = fit(m.pick_small(kFloatSet), {x.size(-1)}).expand({x.size(-1)});
      return m.add(rms_norm(x, {x.size(-1)}, weight, 0.1), true);
    }
    case 4:
      return m.add(cumsum(x, dim), true);
    case 5:
      return m.add(x - mean(x, {dim}, true), true);
    case 6:
      return m.add(softmax(x * 2 + 1, dim) * tanh(x), true);
    case 7: {
      const auto [values, indices] = sort(x, dim, m.dice().chance(50));
      m.add(values);
      return m.add(indices);
    }
    case 8: {
      const auto [values, indices] = max_dim(x, dim);
      m.add(values);
      return m.add(indices);
    }
    default: {
      const auto [values, indices] = topk(x, m.dice().below(x.size(dim) + 1), dim);
      return m.add(values);
    }
  }
}

void products(Machine& m, const Statement&) {
  const Tensor a = m.pick_small(kFloatSet);
  const Tensor b = m.pick_small(kFloatSet).to(a.dtype()).reshape({-1});
  const int64_t inner = a.dim() == 0 ? 1 : a.size(-1);
  const Tensor rows = a.dim() < 2 ? a.reshape({-1, inner}) : a;
  const int64_t columns = inner == 0 ? 2 : b.numel() / inner % 9;
  const Tensor right = b.slice(0, 0, columns * inner);
  const int64_t kind = m.dice().below(5);
  m.note(std::to_string(kind));
  switch (kind) {
    case 0:
      return m.add(matmul(rows, right.reshape({inner, columns})) / 4, true);
    case 1:
      return m.add(matmul(rows, right.reshape({columns, inner}).t()) / 4, true);
    case 2: {
      const Tensor weight = right.reshape({columns, inner});
      return m.add(tanh(linear(rows, weight, weight.sum({1}))), true);
    }
    case 3:
      return m.add(outer(a.reshape({-1}).slice(0, 0, 12), b.slice(0, 0, 9)), false);
    default:
      return m.add(matmul(rows, rows.transpose(-1, -2)) / 4, true);
  }
}

constexpr Action kActions[] = {
    {"unary", 14, false, unary},
    {"arithmetic", 14, false, arithmetic},
    {"with_number", 8, false, with_number},
    {"compare", 4, false, compare},
    {"whole_numbers", 2, false, whole_numbers},
    {"convert", 4, false, convert},
    {"reduce", 10, false, reduce},
    {"along_rows", 6, false, along_rows},
    {"products", 6, false, products},
};

}  // namespace

std::span<const Action> math_actions() { return kActions; }

}  // namespace tenon::programs
