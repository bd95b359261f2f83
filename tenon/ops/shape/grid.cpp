// Tensors brought together: broadcast_tensors, meshgrid, cartesian_prod, combinations.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

/// The places, 0 to n - 1, of all combinations of r of n things, row by row in their order.
std::vector<int64_t> combined_places(int64_t n, int64_t r, bool with_replacement) {
  std::vector<int64_t> result, places;
  for (int64_t i = 0; i < r; ++i) places.push_back(with_replacement ? 0 : i);
  const auto last = [&](int64_t i) { return with_replacement ? n - 1 : n - r + i; };
  if (r == 0 || (n < 1 || (!with_replacement && r > n))) return result;
  while (true) {
    result.insert(result.end(), places.begin(), places.end());
    int64_t i = r - 1;
    while (i >= 0 && places[static_cast<size_t>(i)] == last(i)) --i;
    if (i < 0) return result;
    int64_t next = ++places[static_cast<size_t>(i)];
    for (++i; i < r; ++i) places[static_cast<size_t>(i)] = with_replacement ? next : ++next;
  }
}

/// How many combinations there are; one that is too large for any memory may be less exact.
double count_combinations(int64_t n, int64_t r, bool with_replacement) {
  const int64_t from = with_replacement ? n + r - 1 : n;
  if (r > from) return 0;
  const int64_t picked = std::min(r, from - r);
  double count = 1;
  for (int64_t i = 0; i < picked && count < 0x1p60; ++i) {
    count *= static_cast<double>(from - i) / static_cast<double>(i + 1);
  }
  return count;
}

std::vector<Tensor> meshgrid_of(TensorList tensors, std::string_view indexing) {
  if (indexing != "ij" && indexing != "xy") {
    fail<ValueError>("meshgrid", fmt::format("expected indexing 'ij' or 'xy', got '{}'", indexing));
  }
  Shape sizes;
  for (const Tensor& x : tensors) {
    if (x.dim() > 1) {
      fail<ShapeError>("meshgrid", fmt::format("expected tensors of rank 0 or 1, got sizes {}",
                                               to_string(x.sizes())));
    }
    sizes.push_back(x.numel());
  }
  std::vector<Tensor> result;
  for (size_t i = 0; i < tensors.size(); ++i) {
    Shape line(sizes.size(), 1);
    line[i] = sizes[i];
    Tensor grid = expand(reshape(tensors[i], line), sizes);
    if (indexing == "xy" && sizes.size() > 1) grid = transpose(grid, 0, 1);
    result.push_back(std::move(grid));
  }
  return result;
}

Sample lines(std::initializer_list<Shape> sizes, std::vector<Attribute> attributes = {}) {
  Sample sample{{}, std::move(attributes)};
  for (const Shape& s : sizes) sample.inputs.push_back(sample_tensor(s));
  return sample;
}

}  // namespace

void define_broadcast_tensors(OpDef& op) {
  op.doc("The tensors expanded to the sizes that all of them broadcast to, as views.")
      .accepts(kAnySet)
      .compose([](TensorList tensors) -> std::vector<Tensor> {
        Shape sizes;
        for (const Tensor& x : tensors) {
          sizes = broadcast_shapes("broadcast_tensors", sizes, x.sizes());
        }
        std::vector<Tensor> result;
        for (const Tensor& x : tensors) result.push_back(expand(x, sizes));
        return result;
      })
      .samples([]() -> std::vector<Sample> {
        return {lines({{3, 1}, {4}}), lines({{2, 3}, {}, {3}})};
      });
}

void define_meshgrid(OpDef& op) {
  op.doc(
        "The coordinates of a grid: of n vectors, n views of n dims, of which the i-th varies as "
        "vector i along dim i. With indexing 'xy' the first two dims are exchanged.")
      .accepts(kAnySet)
      .compose([](TensorList tensors, std::string_view indexing) -> std::vector<Tensor> {
        return meshgrid_of(tensors, indexing);
      })
      .samples([]() -> std::vector<Sample> {
        return {lines({{3}, {4}}, {Attribute("ij")}), lines({{3}, {4}}, {Attribute("xy")}),
                lines({{2}, {}, {3}}, {Attribute("ij")})};
      });
}

void define_cartesian_prod(OpDef& op) {
  op.doc("All ways to take one element of each vector, a row each; of one vector itself.")
      .accepts(kAnySet)
      .compose([](TensorList tensors) -> Tensor {
        std::vector<Tensor> columns = meshgrid_of(tensors, "ij");
        for (Tensor& column : columns) column = reshape(column, {-1});
        return columns.size() == 1 ? columns[0] : stack(columns, 1);
      })
      .samples([]() -> std::vector<Sample> {
        return {lines({{3}, {2}}), lines({{2}, {1}, {3}}), lines({{3}})};
      });
}

void define_combinations(OpDef& op) {
  op.doc(
        "All combinations of `r` elements of the vector `x`, a row each, in the order of their "
        "places; with replacement an element may stand in a row more than once.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, int64_t r, bool with_replacement) -> Tensor {
        if (x.dim() != 1 || r < 0 || r > 1 << 24) {
          fail<ShapeError>(
              "combinations",
              fmt::format("expected a vector and r from 0 to 2^24, got sizes {} and {}",
                          to_string(x.sizes()), r));
        }
        if (count_combinations(x.size(0), r, with_replacement) * static_cast<double>(r) > 0x1p32) {
          fail<ShapeError>("combinations",
                           fmt::format("{} of {} elements are more combinations than can be listed",
                                       r, x.size(0)));
        }
        if (r == 0) return zeros({0}, x.dtype(), x.device());
        const std::vector<int64_t> places = combined_places(x.size(0), r, with_replacement);
        const Tensor index = from_vector(places).to(x.device());
        return reshape(index_select(x, 0, index), {static_cast<int64_t>(places.size()) / r, r});
      })
      .samples([]() -> std::vector<Sample> {
        return {lines({{4}}, {Attribute(int64_t{2}), Attribute(false)}),
                lines({{4}}, {Attribute(int64_t{3}), Attribute(false)}),
                lines({{3}}, {Attribute(int64_t{2}), Attribute(true)})};
      });
}

}  // namespace tenon::ops
