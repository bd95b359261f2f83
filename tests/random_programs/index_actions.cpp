#include "tenon/ops/operators.h"
#include "tests/random_programs/actions.h"

// Ops that move elements to places, or compare elements to find them.
namespace tenon::programs {
namespace {

/// A matrix of the program's numbers.
Tensor matrix(Machine& m) {
  const Tensor x = m.pick_small(kRealSet & ~set_of(kBool));
  if (x.dim() == 0) return x.reshape({1, 1});
  return x.dim() == 1 ? x.unsqueeze(0) : x.flatten(0, x.dim() - 2);
}

/// Whole numbers of the program in these sizes, from 0 to `end` - 1.
Tensor places(Machine& m, const Shape& sizes, int64_t end) {
  const Tensor numbers = fit(m.pick_small(set_of(kInt64)), sizes).expand(sizes);
  return (numbers + m.call() % 2).remainder(std::max<int64_t>(end, 1));
}

void gathers(Machine& m, const Statement&) {
  const Tensor x = matrix(m);
  if (x.numel() == 0) return m.add(x.sum({0}), true);
  const int64_t dim = m.dice().below(2), count = x.size(dim);
  const Tensor index = places(m, x.sizes(), count);
  const int64_t kind = m.dice().below(4);
  m.note(std::to_string(kind));
  switch (kind) {
    case 0:
      return m.add(gather(x, dim, index));
    case 1:
      return m.add(take_along_dim(x, index, dim));
    case 2:
      return m.add(take(x, places(m, {5}, x.numel())));
    default:
      return m.add(x.repeat_interleave(2, dim));
  }
}

void scatters(Machine& m, const Statement&) {
  const Tensor x = matrix(m);
  if (x.numel() == 0) return m.add(x.clone());
  const int64_t dim = m.dice().below(2), kind = m.dice().below(m.is_exact() ? 6 : 4);
  m.note(std::to_string(kind));
  const Tensor rows = places(m, {2}, x.size(0));
  switch (kind) {
    case 0:
      return m.add(scatter_add(x, dim, places(m, x.sizes(), x.size(dim)), x), true);
    case 1:
      return m.add(index_fill(x, 0, rows, 2));
    case 2:
      return m.add(index_add(x, 0, rows, x.slice(0, 0, 1).expand({2, x.size(1)})), true);
    case 3:
      return m.add(select_scatter(x, x.select(dim, 0), dim, x.size(dim) - 1));
    case 4:
      return m.add(scatter_reduce(x, dim, places(m, x.sizes(), x.size(dim)), x, "amax"));
    default:
      return m.add(masked_scatter(x, x > 0, x.flip({0})));
  }
}

/// Their results jump where two elements change places.
void orders(Machine& m, const Statement&) {
  const Tensor x = matrix(m);
  if (x.numel() == 0 || !m.is_exact()) return m.add(x * 0.5);
  const int64_t dim = m.dice().below(2), kind = m.dice().below(8);
  m.note(std::to_string(kind));
  switch (kind) {
    case 0: {
      const auto [values, indices] = kthvalue(x, 1 + m.dice().below(x.size(dim)), dim);
      m.add(values);
      return m.add(indices);
    }
    case 1:
      return m.add(std::get<0>(median_dim(x, dim, m.dice().chance(50))));
    case 2: {
      const auto [values, indices] = cummax(x, dim);
      m.add(values);
      return m.add(indices);
    }
    case 3:
      return m.add(searchsorted(linspace(-2, 2, 9).to(x.dtype()), x));
    case 4:
      return m.add(std::get<0>(unique(x)));
    case 5:
      return m.add(argsort(x, dim));
    case 6:
      return m.add(isin(x, x.select(0, 0)));
    default:
      return m.add(cumprod(x, dim), true);
  }
}

constexpr Action kActions[] = {
    {"gathers", 2, false, gathers},
    {"scatters", 2, false, scatters},
    {"orders", 2, false, orders},
};

}  // namespace

std::span<const Action> index_actions() { return kActions; }

}  // namespace tenon::programs
