// A tensor cut into views: split, split_with_sizes, chunk, unbind.

#include <fmt/format.h>

#include <algorithm>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

int64_t size_along(std::string_view call, const Tensor& x, int64_t dim) {
  if (x.dim() == 0) fail<IndexError>(call, "a 0-d tensor has no dim to cut");
  return x.sizes()[static_cast<size_t>(normalize_dim(call, dim, x.dim()))];
}

/// Pieces of `piece`, the last one shorter; one empty piece of nothing.
std::vector<Tensor> pieces(const Tensor& x, int64_t size, int64_t piece, int64_t dim) {
  std::vector<Tensor> result;
  int64_t start = 0;
  do {
    const int64_t length = std::min(piece, size - start);
    result.push_back(narrow(x, dim, start, length));
    start += length;
  } while (start < size);
  return result;
}

}  // namespace

void define_split(OpDef& op) {
  op.doc("Views of `split_size` slices each along `dim`; the last one may be shorter.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, int64_t split_size, int64_t dim) -> std::vector<Tensor> {
        if (split_size < 1) {
          fail<ValueError>("split",
                           fmt::format("expected a split_size of at least 1, got {}", split_size));
        }
        return pieces(x, size_along("split", x, dim), split_size, dim);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({5, 2})}, {Attribute(int64_t{2}), Attribute(int64_t{0})}},
                {{sample_tensor({2, 4})}, {Attribute(int64_t{2}), Attribute(int64_t{-1})}}};
      });
}

void define_split_with_sizes(OpDef& op) {
  op.doc("Views of split_sizes[0], split_sizes[1], ... slices along `dim`, which they must fill.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, IntList split_sizes, int64_t dim) -> std::vector<Tensor> {
        const int64_t size = size_along("split_with_sizes", x, dim);
        int64_t left = size;
        for (const int64_t piece : split_sizes)
          left = piece < 0 || piece > left ? -1 : left - piece;
        if (left != 0) {
          fail<ShapeError>("split_with_sizes",
                           fmt::format("pieces of {} don't fill dim {} of {}",
                                       to_string(split_sizes), dim, to_string(x.sizes())));
        }
        std::vector<Tensor> result;
        int64_t start = 0;
        for (const int64_t piece : split_sizes) {
          result.push_back(narrow(x, dim, start, piece));
          start += piece;
        }
        return result;
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({5, 2})}, {Attribute(Shape{1, 4}), Attribute(int64_t{0})}}};
      });
}

void define_chunk(OpDef& op) {
  op.doc(
        "At most `chunks` views along `dim`, of equal size but for the last; of an empty dim, "
        "`chunks` "
        "empty ones.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, int64_t chunks, int64_t dim) -> std::vector<Tensor> {
        if (chunks < 1) {
          fail<ValueError>("chunk", fmt::format("expected at least 1 chunk, got {}", chunks));
        }
        const int64_t size = size_along("chunk", x, dim);
        if (size == 0) {
          const Shape nothing(static_cast<size_t>(chunks), 0);
          return split_with_sizes(x, nothing, dim);
        }
        return pieces(x, size, std::max<int64_t>(size / chunks + (size % chunks != 0), 1), dim);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({5, 2})}, {Attribute(int64_t{2}), Attribute(int64_t{0})}},
                {{sample_tensor({2, 3})}, {Attribute(int64_t{5}), Attribute(int64_t{1})}}};
      });
}

void define_unbind(OpDef& op) {
  op.doc("The slices along `dim`, each a view without that dim.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, int64_t dim) -> std::vector<Tensor> {
        const int64_t size = size_along("unbind", x, dim);
        std::vector<Tensor> result;
        for (int64_t i = 0; i < size; ++i) result.push_back(select(x, dim, i));
        return result;
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 2})}, {Attribute(int64_t{0})}},
                {{sample_tensor({2, 3})}, {Attribute(int64_t{-1})}}};
      });
}

void define_tensor_split(OpDef& op) {
  op.doc(
        "Exactly `sections` views along `dim`, of which the first ones are one larger where the "
        "size doesn't divide evenly.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, int64_t sections, int64_t dim) -> std::vector<Tensor> {
        constexpr int64_t kMost = 1 << 24;
        if (sections < 1 || sections > kMost) {
          fail<ValueError>(
              "tensor_split",
              fmt::format("expected at least 1 section and at most {}, got {}", kMost, sections));
        }
        const int64_t size = size_along("tensor_split", x, dim);
        std::vector<Tensor> result;
        int64_t start = 0;
        for (int64_t i = 0; i < sections; ++i) {
          const int64_t length = size / sections + (i < size % sections ? 1 : 0);
          result.push_back(narrow(x, dim, start, length));
          start += length;
        }
        return result;
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({5, 2})}, {Attribute(int64_t{2}), Attribute(int64_t{0})}},
                {{sample_tensor({2, 3})}, {Attribute(int64_t{4}), Attribute(int64_t{1})}}};
      });
}

void define_tensor_split_at(OpDef& op) {
  op.doc(
        "Views of what lies before, between and after the places `indices` along `dim`, with the "
        "rules of Python's slices.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, IntList indices, int64_t dim) -> std::vector<Tensor> {
        size_along("tensor_split", x, dim);
        std::vector<Tensor> result;
        int64_t start = 0;
        for (const int64_t end : indices) {
          result.push_back(slice(x, dim, start, end));
          start = end;
        }
        result.push_back(slice(x, dim, start));
        return result;
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({6, 2})}, {Attribute(Shape{1, 4}), Attribute(int64_t{0})}},
                {{sample_tensor({2, 3})}, {Attribute(Shape{2, -1}), Attribute(int64_t{1})}}};
      });
}

}  // namespace tenon::ops
