#include "tenon/ops/index/indexing.h"

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/dispatch/deferral.h"
#include "tenon/ops/functions.h"

namespace tenon {
namespace {

using Indices = std::span<const TensorIndex>;

/// x[...] after integers, slices, None and Ellipsis: a view, and the tensors that index dims of it.
struct Plan {
  Tensor view;
  std::vector<Tensor> tensors;  ///< integers, one per indexed dim
  std::vector<int64_t> dims;    ///< of the view
  int64_t rank = 0;             ///< of what the tensors broadcast to
  int64_t place = 0;            ///< of these dims in the result
};

enum class Access : uint8_t { kRead, kWrite };

/// Whether a 0-d index is taken as the number that it holds. Code that runs at every call may read
/// it; there a write, of which no view remains, doesn't end what a compiled function has pending.
bool is_number(const Tensor& index, Access access) {
  if (index.dim() != 0 || index.device() != kCpu) return false;
  const Deferrer* const deferrer = modes().deferrer;
  return !deferrer || (access == Access::kRead && !deferrer->is_pure());
}

/// How many dims of the tensor an index takes.
int64_t consumed(const TensorIndex& index) {
  if (const auto* tensor = std::get_if<Tensor>(&index.value)) {
    return tensor->dtype() == kBool ? tensor->dim() : 1;
  }
  return std::holds_alternative<NoneIndex>(index.value) ||
                 std::holds_alternative<EllipsisIndex>(index.value)
             ? 0
             : 1;
}

class Planner {
 public:
  Planner(const Tensor& x, Indices indices, Access access) : access_(access) {
    plan_.view = x;
    int64_t named = 0;
    int ellipses = 0;
    for (const TensorIndex& index : indices) {
      named += consumed(index);
      ellipses += std::holds_alternative<EllipsisIndex>(index.value);
    }
    if (named > x.dim() || ellipses > 1) {
      fail<IndexError>("index", fmt::format("{} for a tensor of rank {}",
                                            ellipses > 1 ? "more than one Ellipsis"
                                                         : fmt::format("{} indices", named),
                                            x.dim()));
    }
    left_over_ = x.dim() - named;
  }

  Plan run(Indices indices) {
    for (const TensorIndex& index : indices) {
      std::visit([this](const auto& value) { take(value); }, index.value);
    }
    return std::move(plan_);
  }

 private:
  void take(int64_t index) {
    // As in PyTorch, where NumPy takes an integer beside tensors for one of them.
    plan_.view = select(plan_.view, dim_, index);
  }
  void take(const Slice& slice) {
    if (slice.start || slice.stop || slice.step != 1) {
      plan_.view = tenon::slice(plan_.view, dim_, slice.start, slice.stop, slice.step);
    }
    ++dim_;
    end_run();
  }
  void take(EllipsisIndex) {
    dim_ += left_over_;
    end_run();
  }
  void take(NoneIndex) {
    plan_.view = unsqueeze(plan_.view, dim_++);
    end_run();
  }
  void take(const Tensor& index) {
    if (!index.defined()) fail<ValueError>("index", "an index is an undefined tensor");
    if (index.dtype() == kBool) {
      take_mask(index);
    } else if (!is_integer(index.dtype())) {
      fail<DTypeError>(
          "index", fmt::format("expected integer or bool indices, got {}", name_of(index.dtype())));
    } else if (is_number(index, access_)) {
      take(index.item().to_int());
    } else {
      add(index);
    }
  }

  /// A mask is as many integer tensors as it has dims: the places where it is true.
  void take_mask(const Tensor& mask) {
    if (mask.dim() == 0) {
      // x[true] is one x, x[false] none.
      plan_.view = unsqueeze(plan_.view, dim_);
      add(reshape(nonzero(reshape(mask, {1})), {-1}));
      return;
    }
    for (int64_t i = 0; i < mask.dim(); ++i) {
      if (mask.size(i) != plan_.view.size(dim_ + i)) {
        fail<IndexError>("index",
                         fmt::format("a mask of {} doesn't fit dims {} on of {}",
                                     to_string(mask.sizes()), dim_, to_string(plan_.view.sizes())));
      }
    }
    const Tensor places = nonzero(mask);
    for (int64_t i = 0; i < mask.dim(); ++i) add(select(places, 1, i));
  }

  /// The dims that tensors give stand in the place of the first one, or in front where something
  /// stands between them. 0-d ones give none, and stand between nothing, as integers.
  void add(const Tensor& index) {
    if (index.dim() > 0) {
      if (plan_.rank == 0) {
        plan_.place = dim_ - static_cast<int64_t>(plan_.tensors.size());
      } else if (ended_) {
        plan_.place = 0;
      }
      plan_.rank = std::max(plan_.rank, index.dim());
      ended_ = false;
    }
    plan_.tensors.push_back(index);
    plan_.dims.push_back(dim_++);
  }
  void end_run() { ended_ = true; }

  const Access access_;
  Plan plan_;
  int64_t dim_ = 0;
  int64_t left_over_ = 0;
  bool ended_ = false;
};

/// The view with the indexed dims in front.
Tensor indexed_first(const Plan& plan) {
  Shape order;
  for (const int64_t dim : plan.dims) order.push_back(dim);
  bool in_place = true;
  for (size_t i = 0; i < plan.dims.size(); ++i) {
    in_place = in_place && plan.dims[i] == static_cast<int64_t>(i);
  }
  if (in_place) return plan.view;
  for (int64_t i = 0, next = 0; i < plan.view.dim(); ++i) {
    if (next < static_cast<int64_t>(plan.dims.size()) &&
        plan.dims[static_cast<size_t>(next)] == i) {
      ++next;
    } else {
      order.push_back(i);
    }
  }
  return permute(plan.view, order);
}

/// The order that moves `count` dims at the front to place `at`, or back.
Shape moved(int64_t rank, int64_t count, int64_t at, bool back) {
  Shape order;
  if (back) {
    for (int64_t i = 0; i < count; ++i) order.push_back(at + i);
    for (int64_t i = 0; i < rank; ++i) {
      if (i < at || i >= at + count) order.push_back(i);
    }
  } else {
    for (int64_t i = 0; i < at; ++i) order.push_back(count + i);
    for (int64_t i = 0; i < count; ++i) order.push_back(i);
    for (int64_t i = at + count; i < rank; ++i) order.push_back(i);
  }
  return order;
}

Tensor read(const Tensor& x, Indices indices) {
  const Plan plan = Planner(x, indices, Access::kRead).run(indices);
  if (plan.tensors.empty()) return plan.view.is_same(x) ? view(x, x.sizes()) : plan.view;
  const Tensor rows = index_rows(indexed_first(plan), plan.tensors);
  if (plan.place == 0) return rows;
  return permute(rows, moved(rows.dim(), plan.rank, plan.place, false));
}

void write(const Tensor& x, Indices indices, const Tensor& value) {
  const Plan plan = Planner(x, indices, Access::kWrite).run(indices);
  const int64_t rank = plan.rank + plan.view.dim() - static_cast<int64_t>(plan.tensors.size());
  // Leading dims of size 1 are dropped, as in NumPy.
  Tensor source = value;
  while (source.dim() > rank && source.size(0) == 1) source = select(source, 0, 0);
  if (plan.tensors.empty()) {
    plan.view.copy_(source);
    return;
  }
  const Tensor target = indexed_first(plan);
  source = source.to(x.dtype());
  if (plan.place != 0) {
    while (source.dim() < rank) source = unsqueeze(source, 0);
    source = permute(source, moved(rank, plan.rank, plan.place, true));
  }
  target.index_put_rows_(source, plan.tensors);
}

}  // namespace

Tensor Tensor::operator[](int64_t index) const { return tenon::select(*this, 0, index); }

Tensor Tensor::index(std::initializer_list<TensorIndex> indices) const {
  return read(*this, {indices.begin(), indices.size()});
}

Tensor Tensor::index(const std::vector<TensorIndex>& indices) const { return read(*this, indices); }

void Tensor::index_put_(std::initializer_list<TensorIndex> indices, const Tensor& value) const {
  write(*this, {indices.begin(), indices.size()}, value);
}

void Tensor::index_put_(std::initializer_list<TensorIndex> indices, Scalar value) const {
  write(*this, {indices.begin(), indices.size()}, full({}, value, {}, device()));
}

void Tensor::index_put_(const std::vector<TensorIndex>& indices, const Tensor& value) const {
  write(*this, indices, value);
}

}  // namespace tenon
