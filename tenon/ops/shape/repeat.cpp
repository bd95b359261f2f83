// Copies of a tensor side by side: repeat, tile.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon::ops {

void define_repeat(OpDef& op) {
  op.doc(
        "`x` repeated repeats[i] times along each dim; more repeats than dims add dims in front. "
        "ShapeError with fewer (tile takes them).")
      .accepts(kAnySet)
      .compose([](const Tensor& x, IntList repeats) -> Tensor {
        if (repeats.size() < x.sizes().size()) {
          fail<ShapeError>("repeat",
                           fmt::format("{} repeats for a tensor of sizes {}; give one per "
                                       "dim, or use tile()",
                                       repeats.size(), to_string(x.sizes())));
        }
        // Each dim as (repeat, size): expanded along the first, then the two become one.
        const size_t added = repeats.size() - x.sizes().size();
        Shape apart, expanded, merged;
        for (size_t i = 0; i < repeats.size(); ++i) {
          const int64_t size = i < added ? 1 : x.sizes()[i - added];
          if (repeats[i] < 0) {
            fail<ValueError>("repeat", fmt::format("expected repeats of at least 0, got {}",
                                                   to_string(repeats)));
          }
          apart.push_back(1);
          apart.push_back(size);
          expanded.push_back(repeats[i]);
          expanded.push_back(size);
          merged.push_back(count_elements("repeat", {repeats[i], size}));
        }
        return reshape(clone(expand(reshape(x, apart), expanded)), merged);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3})}, {Attribute(Shape{2, 2})}},
                {{sample_tensor({3})}, {Attribute(Shape{2, 1})}}};
      });
}

void define_tile(OpDef& op) {
  op.doc("As repeat; with fewer repeats than dims, the first dims are repeated once.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, IntList repeats) -> Tensor {
        Shape full(repeats);
        while (full.size() < x.sizes().size()) full.insert(0, 1);
        return repeat(x, full);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({2, 3})}, {Attribute(Shape{2})}},
                {{sample_tensor({2})}, {Attribute(Shape{2, 2})}}};
      });
}

namespace {

std::vector<Sample> interleave_samples() {
  return {{{sample_tensor({2, 3})}, {Attribute(int64_t{2}), Attribute(int64_t{1})}},
          {{sample_tensor({2, 3})}, {Attribute(int64_t{3}), Attribute(int64_t{0})}},
          {{sample_tensor({4})}, {Attribute(int64_t{2}), Attribute()}}};
}

/// x and the dim to repeat along: its only one, flattened, unless given.
std::pair<Tensor, int64_t> along_dim(const Tensor& x, std::optional<int64_t> dim) {
  if (!dim || x.dim() == 0) return {reshape(x, {-1}), 0};
  return {x, normalize_dim("repeat_interleave", *dim, x.dim())};
}

}  // namespace

void define_repeat_interleave(OpDef& op) {
  op.doc(
        "Each slice of `x` along `dim` (of the flattened `x` unless given) `repeats` times in a "
        "row.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, int64_t repeats, std::optional<int64_t> dim) -> Tensor {
        if (repeats < 0) {
          fail<ValueError>("repeat_interleave",
                           fmt::format("expected repeats of at least 0, got {}", repeats));
        }
        const auto [line, along] = along_dim(x, dim);
        Shape expanded = line.sizes(), merged = line.sizes();
        expanded.insert(static_cast<size_t>(along) + 1, repeats);
        int64_t& size = merged[static_cast<size_t>(along)];
        size = count_elements("repeat_interleave", {size, repeats});
        return reshape(clone(expand(unsqueeze(line, along + 1), expanded)), merged);
      })
      .samples(interleave_samples);
}

void define_repeat_interleave_by(OpDef& op) {
  op.doc(
        "Slice i of `x` along `dim` (of the flattened `x` unless given) repeats[i] times in a row; "
        "one number counts for all. `output_size`, where it is known, is what they add up to. "
        "ShapeError where the lengths differ.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, const Tensor& repeats, std::optional<int64_t> dim,
                  std::optional<int64_t> output_size) -> Tensor {
        const auto [line, along] = along_dim(x, dim);
        const int64_t size = line.size(along);
        if (repeats.dim() > 1 || (repeats.numel() != 1 && repeats.numel() != size)) {
          fail<ShapeError>("repeat_interleave",
                           fmt::format("expected repeats of sizes [{}] or [1], got {}", size,
                                       to_string(repeats.sizes())));
        }
        const Tensor places = repeat_places(expand(reshape(repeats, {-1}), {size}));
        if (output_size && places.numel() != *output_size) {
          fail<ValueError>("repeat_interleave",
                           fmt::format("the repeats add up to {}, not to output_size, {}",
                                       places.numel(), *output_size));
        }
        return index_select(line, along, places);
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 2}), sample_integers({3}, 0, 4)},
                 {Attribute(int64_t{0}), Attribute()}},
                {{sample_tensor({2, 2}), sample_integers({4}, 0, 3)}, {Attribute(), Attribute()}}};
      });
}

void define_repeat_places(OpDef& op) {
  op.doc("0 repeats[0] times, 1 repeats[1] times, ...: int64. ValueError below 0.")
      .accepts(kIntegerSet)
      .kernel()
      .not_differentiable()
      .samples([]() -> std::vector<Sample> {
        return {{{sample_integers({5}, 0, 4)}, {}, false}};
      });
}

void define_broadcast_to(OpDef& op) {
  op.doc("`x` expanded to `sizes`, a view; see expand.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, IntList sizes) -> Tensor { return expand(x, sizes); })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3})}, {Attribute(Shape{2, 3})}},
                {{sample_tensor({2, 1})}, {Attribute(Shape{2, 3})}}};
      });
}

}  // namespace tenon::ops
