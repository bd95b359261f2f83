// Places in sorted rows: searchsorted, bucketize, isin.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

bool on_the_right(bool right, std::string_view side) {
  if (side.empty()) return right;
  if (side != "left" && side != "right") {
    fail<ValueError>("searchsorted",
                     fmt::format("expected side 'left' or 'right', got '{}'", side));
  }
  if (right && side == "left") {
    fail<ValueError>("searchsorted", "side='left' contradicts right=True");
  }
  return side == "right";
}

Tensor places_of(const Tensor& sorted, const Tensor& x, bool right, bool out_int32) {
  const DType dtype = promote(sorted.dtype(), x.dtype());
  const Tensor places = search_rows(sorted.to(dtype), x.to(dtype), right);
  return out_int32 ? places.to(kInt32) : places;
}

}  // namespace

void define_search_rows(OpDef& op) {
  op.doc(
        "For each element of `x` [..., m] how many elements of its sorted row [..., n] (or of the "
        "only one, [n]) are smaller than it; with `right`, not larger: int64.")
      .accepts(kRealSet | kBoolSet)
      .shape([](const Tensor& sorted, const Tensor& x) -> Spec {
        const Shape &rows = sorted.sizes(), &sizes = x.sizes();
        bool fits = rows.size() == 1 || (rows.size() > 1 && rows.size() == sizes.size());
        for (size_t i = 0; fits && rows.size() > 1 && i + 1 < rows.size(); ++i) {
          fits = rows[i] == sizes[i];
        }
        if (!fits || sorted.dtype() != x.dtype()) {
          fail<ShapeError>("searchsorted",
                           fmt::format("expected one sorted row, or as many as rows to look for, "
                                       "of the same dtype, got {} {} and {} {}",
                                       name_of(sorted.dtype()), to_string(rows), name_of(x.dtype()),
                                       to_string(sizes)));
        }
        return {kInt64, sizes};
      })
      .kernel()
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        const Tensor line = std::get<0>(sort(sample_tensor({6})));
        const Tensor rows = std::get<0>(sort(sample_tensor({3, 4})));
        return {{{line, sample_tensor({2, 3}, -2.5, 2.5, 2)}, {Attribute(false)}, false},
                {{line, line}, {Attribute(true)}, false},
                {{rows, sample_tensor({3, 5}, -2.5, 2.5, 2)}, {Attribute(true)}, false}};
      });
}

void define_searchsorted(OpDef& op) {
  op.doc(
        "Where in each sorted row of `sorted_sequence` [..., n] (or in the only one, [n]) the "
        "elements of `input` [..., m] would go: before their equals, or with `right` (or "
        "side='right') behind them; int64, or int32 with `out_int32`. `sorter`, as argsort gives, "
        "sorts the sequence first.")
      .compose([](const Tensor& sorted_sequence, const Tensor& input, bool out_int32, bool right,
                  std::string_view side, const Tensor& sorter) -> Tensor {
        const Tensor sorted =
            sorter.defined() ? gather(sorted_sequence, -1, sorter) : sorted_sequence;
        return places_of(sorted, input, on_the_right(right, side), out_int32);
      })
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        const auto of = [](bool out_int32, bool right, const char* side) {
          return std::vector<Attribute>{Attribute(out_int32), Attribute(right), Attribute(side)};
        };
        const Tensor line = sample_tensor({6}), sorted = std::get<0>(sort(line));
        return {
            {{sorted, sample_tensor({2, 3}, -2.5, 2.5, 2), Tensor()}, of(false, false, ""), false},
            {{sorted, line, Tensor()}, of(true, false, "right"), false},
            {{line, line, argsort(line)}, of(false, true, ""), false}};
      });
}

void define_bucketize(OpDef& op) {
  op.doc(
        "The number of the bucket that each element lies in: i where boundaries[i - 1] < x <= "
        "boundaries[i], with `right` where boundaries[i - 1] <= x < boundaries[i]. The boundaries "
        "are a sorted vector.")
      .compose([](const Tensor& input, const Tensor& boundaries, bool out_int32,
                  bool right) -> Tensor {
        if (boundaries.dim() != 1) {
          fail<ShapeError>("bucketize", fmt::format("expected a vector of boundaries, got sizes {}",
                                                    to_string(boundaries.sizes())));
        }
        return places_of(boundaries, input, right, out_int32);
      })
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        const Tensor line = std::get<0>(sort(sample_tensor({5})));
        return {{{sample_tensor({3, 4}, -2.5, 2.5, 2), line},
                 {Attribute(false), Attribute(false)},
                 false},
                {{line, line}, {Attribute(true), Attribute(true)}, false}};
      });
}

void define_isin(OpDef& op) {
  op.doc(
        "Whether each of `elements` is among `test_elements` (with `invert`: is not), as bool. NaN "
        "equals nothing. `assume_unique` changes nothing.")
      .compose(
          [](const Tensor& elements, const Tensor& test_elements, bool, bool invert) -> Tensor {
            const int64_t count = test_elements.numel();
            if (count == 0) return full(elements.sizes(), invert, kBool, elements.device());
            const DType dtype = promote(elements.dtype(), test_elements.dtype());
            const Tensor line = std::get<0>(sort(reshape(test_elements.to(dtype), {-1})));
            const Tensor wanted = reshape(elements.to(dtype), {-1});
            const Tensor places = clamp(search_rows(line, wanted, false), {}, Scalar(count - 1));
            const Tensor found = reshape(index_select(line, 0, places) == wanted, elements.sizes());
            return invert ? logical_not(found) : found;
          })
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        const Tensor x = sample_integers({3, 4}, 0, 9);
        return {
            {{x, sample_integers({4}, 0, 9, 2)}, {Attribute(false), Attribute(false)}, false},
            {{x, sample_integers({2, 2}, 0, 9, 3)}, {Attribute(false), Attribute(true)}, false}};
      });
}

}  // namespace tenon::ops
