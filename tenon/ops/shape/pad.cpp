// Wider borders: pad.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/dispatch/host_numbers_internal.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

/// Before and after per dim: `padding` names the last dim first.
struct Borders {
  Shape before, after;
};

Borders borders_of(const Tensor& x, IntList padding) {
  const size_t rank = x.sizes().size();
  if (padding.size() % 2 != 0 || padding.size() > 2 * rank) {
    fail<ShapeError>("pad", fmt::format("expected a pair (before, after) for each of at most {} "
                                        "dims, the last dim first, got {}",
                                        rank, to_string(padding)));
  }
  Borders result{Shape(rank, 0), Shape(rank, 0)};
  for (size_t i = 0; i < padding.size() / 2; ++i) {
    result.before[rank - 1 - i] = padding[2 * i];
    result.after[rank - 1 - i] = padding[2 * i + 1];
  }
  return result;
}

/// The size of a dim with its borders. Throws ShapeError where it has none.
int64_t padded_size(const Tensor& x, size_t dim, int64_t before, int64_t after) {
  const int64_t size = x.sizes()[dim];
  int64_t padded = 0;
  if (before < -size || after < -size || __builtin_add_overflow(size, before, &padded) ||
      __builtin_add_overflow(padded, after, &padded) || padded < 0) {
    fail<ShapeError>("pad", fmt::format("dim {} of {} can't have borders of {} and {}", dim,
                                        to_string(x.sizes()), before, after));
  }
  return padded;
}

/// Which element of the unpadded dim stands at place `i`, counted from its first.
int64_t source_of(std::string_view mode, int64_t i, int64_t size) {
  if (mode == "replicate") return i < 0 ? 0 : i >= size ? size - 1 : i;
  if (mode == "circular") return ((i % size) + size) % size;
  return i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i;
}

Tensor pad_by_copies(const Tensor& x, const Borders& borders, std::string_view mode) {
  Tensor result = x;
  for (size_t dim = 0; dim < x.sizes().size(); ++dim) {
    const int64_t size = x.sizes()[dim], before = borders.before[dim], after = borders.after[dim];
    if (before == 0 && after == 0) continue;
    const int64_t most = mode == "reflect" ? size - 1 : mode == "circular" ? size : INT64_MAX;
    const int64_t count = padded_size(x, dim, before, after);
    if (before > most || after > most || size == 0) {
      fail<ShapeError>("pad", fmt::format("mode \"{}\" can't pad dim {} of size {} by {} and {}",
                                          mode, dim, size, before, after));
    }
    const Tensor index = new_tensor({count}, kInt64);
    auto* places = index.data<int64_t>();
    for (int64_t i = 0; i < count; ++i) places[i] = source_of(mode, i - before, size);
    result = index_select(result, static_cast<int64_t>(dim), index.to(x.device()));
  }
  return result;
}

}  // namespace

void define_pad(OpDef& op) {
  op.doc(
        "`x` with borders: `padding` holds (before, after) for the last dim, then for the one "
        "before it, and so on; negative numbers cut. `mode` is \"constant\" (with `value`), "
        "\"reflect\" (without the edge), \"replicate\" or \"circular\". ShapeError where the "
        "borders don't fit, ValueError where the dtype can't hold the value.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, IntList padding, std::string_view mode, double value) -> Tensor {
        const Borders borders = borders_of(x, padding);
        if (mode == "reflect" || mode == "replicate" || mode == "circular") {
          return pad_by_copies(x, borders, mode);
        }
        if (mode != "constant") {
          fail<ValueError>("pad", fmt::format("expected mode constant, reflect, replicate or "
                                              "circular, got \"{}\"",
                                              mode));
        }
        check_holds("pad", value, x.dtype());
        return pad_constant(x, borders.before, borders.after, value);
      })
      .samples([]() -> std::vector<Sample> {
        const Attribute one(1.0);
        return {
            {{sample_tensor({2, 3})}, {Attribute(Shape{1, 2}), Attribute("constant"), one}},
            {{sample_tensor({3, 4})}, {Attribute(Shape{-1, 1, 2, -1}), Attribute("constant"), one}},
            {{sample_tensor({2, 4})}, {Attribute(Shape{2, 3}), Attribute("reflect"), one}},
            {{sample_tensor({2, 3})}, {Attribute(Shape{2, 1, 1, 1}), Attribute("replicate"), one}},
            {{sample_tensor({2, 3})}, {Attribute(Shape{3, 1}), Attribute("circular"), one}}};
      });
}

void define_pad_constant(OpDef& op) {
  op.doc("`x` with before[i] and after[i] elements of `value` around dim i; negative numbers cut.")
      .accepts(kAnySet)
      .shape([](const Tensor& x, IntList before, IntList after, double) -> Spec {
        Spec spec{x.dtype(), x.sizes()};
        for (size_t i = 0; i < before.size(); ++i) {
          spec.sizes[i] = padded_size(x, i, before[i], after[i]);
        }
        return spec;
      })
      .kernel()
      .vjp([](const Saved&, const Tensor& dy, IntList before, IntList after, double) -> Grads {
        Shape cut_before(before), cut_after(after);
        for (int64_t& size : cut_before) size = -size;
        for (int64_t& size : cut_after) size = -size;
        return {pad_constant(dy, cut_before, cut_after, 0)};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3})},
                 {Attribute(Shape{0, 1}), Attribute(Shape{1, 2}), Attribute(0.5)}}};
      });
}

}  // namespace tenon::ops
