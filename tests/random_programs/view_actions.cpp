#include "tenon/ops/index/indexing.h"
#include "tenon/ops/operators.h"
#include "tests/random_programs/actions.h"

namespace tenon::programs {
namespace {

/// Views of the same memory, or copies where there is no such view.
Tensor view_of(Machine& m, const Tensor& x) {
  Dice& dice = m.dice();
  const int64_t dims = x.dim();
  const int64_t kind = dice.below(dims == 0 ? 4 : 14);
  m.note(std::to_string(kind));
  const int64_t dim = dice.below(dims), size = dims == 0 ? 0 : x.size(dim);
  switch (kind) {
    case 0:
      return x.unsqueeze(dice.below(dims + 1));
    case 1:
      return x.reshape({-1});
    case 2:
      return x.expand(dims == 0 ? Shape{3} : Shape(x.unsqueeze(0).sizes())).contiguous();
    case 3:
      return x.detach();
    case 4:
      return x.transpose(dim, dice.below(dims));
    case 5:
      return x.select(dim, dice.below(size));
    case 6:
      return x.slice(dim, dice.below(size), size - dice.below(2));
    case 7:
      return x.slice(dim, {}, {}, 1 + dice.below(3));
    case 8:
      return x.squeeze();
    case 9:
      return x.narrow(dim, size / 2, size - size / 2);
    case 10:
      return dims < 2 ? x.unsqueeze(1).expand({x.size(0), 2}) : x.diagonal();
    case 11:
      return x.movedim({dim}, {0});
    case 12:
      return x.select(dim, 0).unsqueeze(dim).expand(x.sizes());
    default:
      return x.reshape({x.size(0), -1}).t();
  }
}

void view(Machine& m, const Statement&) { m.add(view_of(m, m.pick())); }

void as_strided_view(Machine& m, const Statement&) {
  const Tensor x = m.pick();
  if (!x.is_contiguous() || x.numel() < 4) return m.add(x.flatten());
  m.add(as_strided(x, {2, 2}, {1, 2}, x.storage_offset()));
}

void parts(Machine& m, const Statement&) {
  const Tensor x = m.pick();
  if (x.dim() == 0) return m.add(stack({x, x}));
  const int64_t dim = m.dice().below(x.dim());
  const std::vector<Tensor> all = m.dice().chance(50) ? x.chunk(2, dim) : x.split(2, dim);
  for (size_t i = 0; i < std::min<size_t>(all.size(), 2); ++i) m.add(all[i]);
}

void together(Machine& m, const Statement&) {
  const Tensor a = m.pick_small(kAnySet & ~kComplexSet);
  const Tensor b = fit(m.pick_small(kAnySet & ~kComplexSet), a.sizes()).expand(a.sizes());
  if (a.dim() == 0 || m.dice().chance(40)) return m.add(stack({a, b}, m.dice().below(a.dim() + 1)));
  m.add(cat({a, b, a}, m.dice().below(a.dim())));
}

void rearranged(Machine& m, const Statement&) {
  const Tensor x = m.pick_small(kAnySet & ~kComplexSet);
  if (x.dim() == 0) return m.add(x.clone());
  const int64_t dim = m.dice().below(x.dim());
  const int64_t kind = m.dice().below(7);
  m.note(std::to_string(kind));
  switch (kind) {
    case 0:
      return m.add(x.flip({dim}));
    case 1:
      return m.add(x.roll({1 + m.call() % 2}, {dim}));
    case 2:
      return m.add(x.pad({1, m.dice().below(2)}));
    case 3:
      return m.add(x.dim() < 2 ? x.clone() : x.tril(m.dice().below(3) - 1));
    case 4:
      return m.add(x.transpose(0, dim).contiguous());
    case 5:
      return m.add(x.clone());
    default: {
      std::vector<int64_t> repeats(static_cast<size_t>(x.dim()), 1);
      repeats[static_cast<size_t>(dim)] = 2;
      return m.add(x.repeat(repeats));
    }
  }
}

/// Rows by whole numbers that are brought into range.
void indexed(Machine& m, const Statement&) {
  const Tensor x = m.pick_small(kAnySet & ~kComplexSet);
  const Tensor index = m.pick_small(set_of(kInt64)).reshape({-1});
  if (x.dim() == 0 || x.size(0) == 0) return m.add(index + 1);
  const Tensor valid = index.remainder(x.size(0));
  const int64_t kind = m.dice().below(5);
  m.note(std::to_string(kind));
  switch (kind) {
    case 0:
      return m.add(index_select(x, 0, valid));
    case 1:
      return m.add(x.index({valid}));
    case 2: {
      const Tensor rows = x.reshape({x.size(0), -1});
      return m.add(is_floating(x.dtype()) ? embedding(rows, valid) : index_select(rows, 0, valid));
    }
    case 3:
      return m.add(one_hot(valid, x.size(0)));
    default: {
      const Tensor flat = x.reshape({-1}).slice(0, 0, valid.numel());
      if (flat.numel() < valid.numel()) return m.add(valid);
      return m.add(scatter_add(x.reshape({-1}), 0, valid, flat), true);
    }
  }
}

/// The sizes of the result depend on the values.
void selected(Machine& m, const Statement&) {
  const Tensor x = m.pick_small(kRealSet);
  if (!m.is_exact()) return m.add(x.detach());
  m.add(m.dice().chance(60) ? masked_select(x, x > 0) : nonzero(x));
}

void created(Machine& m, const Statement&) {
  const double number = m.number();
  switch (m.dice().below(6)) {
    case 0:
      return m.add(full({2, 3}, number));
    case 1:
      return m.add(arange(0, 4 + m.call() % 3, 1, kFloat32));
    case 2:
      return m.add(zeros({m.call() % 3, 3}));
    case 3:
      return m.add(full_like(m.pick_floating(), number));
    case 4:
      return m.add(full({}, number, kFloat64));
    default:
      return m.add(eye(3));
  }
}

void random(Machine& m, const Statement&) {
  const Tensor like = m.pick_small(kFloatSet);
  switch (m.dice().below(7)) {
    case 0:
      return m.add(rand({3, 2}));
    case 1:
      return m.add(randn_like(like));
    case 2:
      return m.add(dropout(like, 0.4));
    case 3:
      return m.add(randint(0, 9, {4}));
    case 4:
      return m.add(bernoulli(nan_to_num(like * 0) + 0.5));
    case 5:
      manual_seed(static_cast<uint64_t>(10 + m.call() % 2));
      return m.add(randn({2}));
    default:
      return m.add(randperm(5));
  }
}

constexpr Action kActions[] = {
    {"view", 24, false, view},
    {"as_strided", 1, false, as_strided_view},
    {"parts", 3, false, parts},
    {"together", 4, false, together},
    {"rearranged", 5, false, rearranged},
    {"indexed", 5, false, indexed},
    {"selected", 2, false, selected},
    {"created", 4, false, created},
    {"random", 5, false, random},
};

}  // namespace

std::span<const Action> view_actions() { return kActions; }

}  // namespace tenon::programs
