// How inputs lie in memory, and whether they hold anything at all, changes no bit of a result.

#include <algorithm>
#include <array>

#include "tests/op_matrix/op_matrix_test.h"

namespace tenon::matrix {
namespace {

/// Ops whose meaning is the storage itself.
bool reads_storage(const OpDef& op) {
  constexpr std::array<std::string_view, 5> kNames = {"as_strided", "strided_part", "view",
                                                      "view_backward", "pairs_as_complex"};
  return std::find(kNames.begin(), kNames.end(), op.name) != kNames.end();
}

/// float32, or what the op's samples have where it doesn't take that.
std::vector<Tensor> layout_inputs(const Case& c) {
  return contains(c.op->accepted, kFloat32) ? cast_all(c, kFloat32) : copies_of(c.sample.inputs);
}

/// Ops that pick their kernel, and so the order of their sums, by the layout: products of matrices
/// read along the dim that lies together, and what is made of them; batch_norm's sums over two dims
/// run in one where the dims lie end to end.
bool sums_by_layout(const OpDef& op) {
  return op.name == "matmul" || op.name == "mv" || op.name == "addmv" || op.name == "linear" ||
         op.name == "bilinear" || op.name == "batch_norm" || op.name == "affine_grid" ||
         op.section == "Matrix decompositions" || op.section == "Attention" ||
         op.section == "Recurrent networks";
}

/// Empty when the outcomes have the same bits, or, where sums follow the layout, differ by no more
/// than the rounding of the samples' few terms, which are smaller than 4.
std::string layout_difference(const OpDef& op, const Outcome& got, const Outcome& want) {
  if (!sums_by_layout(op) || !got.ok() || !want.ok()) return difference(got, want);
  if (got.results.size() != want.results.size()) return "another number of results";
  for (size_t i = 0; i < got.results.size(); ++i) {
    std::string text = difference(got.results[i], want.results[i], 4 * epsilon_of(kFloat32), 4);
    if (!text.empty()) return text;
  }
  return "";
}

TEST_P(OpMatrix, Layouts) {
  if (is_uninitialised(op()) || reads_storage(op())) return;
  for (const Case& c : cases()) {
    const std::vector<Tensor> inputs = layout_inputs(c);
    const Outcome want = run(op(), copies_of(inputs), c.sample.attributes);
    for (const Layout layout : {Layout::kTransposed, Layout::kStepped}) {
      std::vector<Tensor> changed = copies_of(inputs);
      bool any = false;
      for (Tensor& input : changed) {
        const Tensor view = in_layout(input, layout);
        any = any || view.defined();
        if (view.defined()) input = view;
      }
      if (!any) continue;
      EXPECT_EQ(layout_difference(op(), run(op(), changed, c.sample.attributes), want), "")
          << c.name() << ", inputs " << name_of(layout);
    }
  }
}

TEST_P(OpMatrix, Expanded) {
  if (is_uninitialised(op()) || reads_storage(op())) return;
  for (const Case& c : cases()) {
    const std::vector<Tensor> inputs = layout_inputs(c);
    for (size_t i = 0; i < inputs.size(); ++i) {
      for (int64_t dim = 0; inputs[i].defined() && dim < inputs[i].dim(); ++dim) {
        if (inputs[i].size(dim) < 2) continue;
        std::vector<Tensor> changed = copies_of(inputs);
        changed[i] = expanded(inputs[i], dim);
        const Outcome want = run(op(), copies_of(changed), c.sample.attributes);
        const Outcome got = run(op(), changed, c.sample.attributes);
        // Statistics that an op updates can't be expanded: several elements share a place.
        const bool updates = want.ok() && got.error == "ValueError" &&
                             !difference(want.inputs_after[i], copy_of(changed[i]), 0).empty();
        if (updates) continue;
        EXPECT_EQ(layout_difference(op(), got, want), "")
            << c.name() << ", input " << i << " expanded along " << dim;
      }
    }
  }
}

/// Every dim of a size is made 0 in all inputs. Whether that makes sense for the op is its own
/// business: without a result, it is the same error for every dtype and layout.
TEST_P(OpMatrix, ZeroSizes) {
  if (reads_storage(op())) return;
  for (const Case& c : cases()) {
    std::vector<int64_t> sizes;
    for (const Tensor& input : c.sample.inputs) {
      if (!input.defined()) continue;
      for (const int64_t size : input.sizes()) {
        if (std::find(sizes.begin(), sizes.end(), size) == sizes.end()) sizes.push_back(size);
      }
    }
    for (const int64_t emptied : sizes) {
      std::vector<Tensor> wide, narrow, stepped;
      for (const Tensor& input : c.sample.inputs) {
        if (!input.defined()) {
          for (auto* list : {&wide, &narrow, &stepped}) list->push_back({});
          continue;
        }
        Shape shape = input.sizes();
        std::replace(shape.begin(), shape.end(), emptied, int64_t{0});
        const bool empty = shape != input.sizes();
        wide.push_back(empty ? new_tensor(shape, input.dtype()) : copy_of(input));
        const bool floating = input.dtype() == kFloat64 && contains(op().accepted, kFloat32);
        narrow.push_back(floating ? widen(wide.back(), kFloat32) : copy_of(wide.back()));
        const Tensor view = in_layout(narrow.back(), Layout::kStepped);
        stepped.push_back(view.defined() ? view : copy_of(narrow.back()));
      }
      const Outcome want = run(op(), wide, c.sample.attributes);
      const Outcome got = run(op(), narrow, c.sample.attributes);
      EXPECT_EQ(got.error, want.error)
          << c.name() << ", size " << emptied << " made 0: " << got.message << want.message;
      for (size_t i = 0; i < std::min(got.results.size(), want.results.size()); ++i) {
        EXPECT_EQ(got.results[i].sizes(), want.results[i].sizes())
            << c.name() << ", size " << emptied << " made 0";
      }
      if (is_uninitialised(op())) continue;
      EXPECT_EQ(layout_difference(op(), run(op(), stepped, c.sample.attributes), got), "")
          << c.name() << ", size " << emptied << " made 0, sliced with a step";
    }
  }
}

}  // namespace
}  // namespace tenon::matrix
