#include "tenon/backends/cpu/tile/space.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "tenon/base/error.h"

namespace tenon::cpu {
namespace {

using tile::Launch;
using tile::Op;
using tile::Schedule;

constexpr int64_t kShortRow = 48;  // shorter rows go side by side, in column mode
// Runs of so many elements are tiles of their own where there are gaps between them: tiles without
// gaps need no copies.
constexpr int64_t kLongRun = 128;
constexpr int64_t kScratch = 192 * 1024;  // bytes of kept tiles that should stay in L2

struct Shaper {
  const Launch& launch;
  const Schedule& schedule;
  Space& space;
  int kept = 0;  ///< dims [0, kept) of the space are kept ones

  size_t view_count() const { return space.views.size(); }

  /// Copies sizes and strides without the dims of size 1.
  void take_dims(bool elementwise) {
    const int rank = static_cast<int>(launch.sizes.size());
    const int first_row_dim = elementwise ? rank : rank - launch.row_dims;
    space.views.clear();
    for (const tile::Operand& operand : launch.inputs) add_view(operand);
    for (const tile::Operand& operand : launch.outputs) add_view(operand);
    if (schedule.needs_linear_index) space.views.push_back(View{});
    space.rank = kept = 0;
    space.row_length = space.kept_count = 1;
    for (int dim = 0; dim < rank; ++dim) {
      const int64_t size = launch.sizes[dim];
      (dim < first_row_dim ? space.kept_count : space.row_length) *= size;
      if (size != 1) take_dim(dim, size, dim >= first_row_dim);
      if (dim < first_row_dim) kept = space.rank;
    }
    if (schedule.needs_linear_index) number_elements();
  }

  void add_view(const tile::Operand& operand) {
    View view;
    view.dtype = operand.dtype;
    view.element_size = static_cast<uint32_t>(size_of(operand.dtype));
    space.views.push_back(view);
  }

  void take_dim(int dim, int64_t size, bool row_dim) {
    if (space.rank == kMostDims - 2) {
      fail<ShapeError>(
          "tile program",
          fmt::format("expected at most {} dims of more than one element", kMostDims - 2));
    }
    const size_t inputs = launch.inputs.size();
    for (size_t i = 0; i < inputs; ++i) {
      space.views[i].strides[space.rank] = launch.inputs[i].strides[dim];
    }
    for (size_t i = 0; i < launch.outputs.size(); ++i) {
      const bool ignored = row_dim && launch.program->is_row_output(static_cast<int>(i));
      space.views[inputs + i].strides[space.rank] = ignored ? 0 : launch.outputs[i].strides[dim];
    }
    space.sizes[space.rank++] = size;
  }

  void number_elements() {
    int64_t stride = 1;
    for (int dim = space.rank; dim-- > 0;) {
      space.views.back().strides[dim] = stride;
      stride *= space.sizes[dim];
    }
  }

  void swap_dims(int a, int b) {
    std::swap(space.sizes[a], space.sizes[b]);
    for (View& view : space.views) std::swap(view.strides[a], view.strides[b]);
  }

  void move_dim(int from, int to) {
    for (; from < to; ++from) swap_dims(from, from + 1);
    for (; from > to; --from) swap_dims(from, from - 1);
  }

  /// Whether dim `a` should be outside dim `b`: outputs decide first, then inputs.
  bool outside(int a, int b) const {
    const size_t inputs = launch.inputs.size(), outputs = launch.outputs.size();
    for (size_t k = 0; k < inputs + outputs; ++k) {
      const View& view = space.views[k < outputs ? inputs + k : k - outputs];
      const int64_t stride_a = std::abs(view.strides[a]), stride_b = std::abs(view.strides[b]);
      if (stride_a == 0 || stride_b == 0 || stride_a == stride_b) continue;
      return stride_a > stride_b;
    }
    return a < b;
  }

  /// Memory order instead of logical order.
  void sort_dims(int begin, int end) {
    for (int i = begin + 1; i < end; ++i) {
      for (int j = i; j > begin && outside(j, j - 1) && !outside(j - 1, j); --j) {
        swap_dims(j - 1, j);
      }
    }
  }

  bool can_join(int dim) const {
    return std::all_of(space.views.begin(), space.views.end(), [&](const View& view) {
      return view.strides[dim] == view.strides[dim + 1] * space.sizes[dim + 1];
    });
  }

  void remove_dim(int dim) {
    for (int i = dim; i + 1 < space.rank; ++i) {
      space.sizes[i] = space.sizes[i + 1];
      for (View& view : space.views) view.strides[i] = view.strides[i + 1];
    }
    --space.rank;
  }

  /// Joins neighbours in [begin, end) that every operand walks as one; returns the new end.
  int join_dims(int begin, int end) {
    for (int dim = end - 2; dim >= begin; --dim) {
      if (!can_join(dim)) continue;
      space.sizes[dim + 1] *= space.sizes[dim];
      remove_dim(dim);
      --end;
    }
    return end;
  }

  void insert_dim(int at) {
    for (int i = space.rank; i > at; --i) {
      space.sizes[i] = space.sizes[i - 1];
      for (View& view : space.views) view.strides[i] = view.strides[i - 1];
    }
    space.sizes[at] = 1;
    for (View& view : space.views) view.strides[at] = 0;
    ++space.rank;
  }

  bool varies(const View& view, int begin, int end) const {
    return std::any_of(view.strides + begin, view.strides + end,
                       [](int64_t stride) { return stride != 0; });
  }

  /// Operands whose tiles go along `dim` element by element. One that is the same in every row or
  /// all along a row is cheap either way, and doesn't count.
  int smooth_along(int dim) const {
    int count = 0;
    for (size_t i = 0; i < launch.inputs.size() + launch.outputs.size(); ++i) {
      const View& view = space.views[i];
      const bool whole = varies(view, 0, kept) && varies(view, kept, space.rank);
      count += whole && view.strides[dim] == 1;
    }
    return count;
  }

  /// The kept dim to walk in column mode, or -1 for row mode.
  int choose_columns() const {
    if (kept == 0 || space.row_length == 0) return -1;
    int best = kept - 1;
    for (int dim = 0; dim < kept; ++dim) {
      if (smooth_along(dim) > smooth_along(best)) best = dim;
    }
    const int row_smooth = kept == space.rank ? 0 : smooth_along(space.rank - 1);
    if (space.row_length <= kShortRow) return space.sizes[best] >= 8 ? best : -1;
    return smooth_along(best) > row_smooth && space.sizes[best] >= 4 ? best : -1;
  }

  bool is_transposed() const {
    const int down = space.down(), across = space.across();
    return std::any_of(space.views.begin(), space.views.end(), [&](const View& view) {
      return view.element_size != 0 && view.strides[down] == 1 &&
             std::abs(view.strides[across]) > 1;
    });
  }

  /// Whether rows of a tile don't lie one behind the other in some operand.
  bool has_gaps() const {
    const int down = space.down(), across = space.across();
    return std::any_of(space.views.begin(), space.views.end(), [&](const View& view) {
      return view.strides[across] == 1 && view.strides[down] != 0 &&
             view.strides[down] != space.sizes[across];
    });
  }

  void shape_tiles(bool elementwise, int64_t longest, int64_t kept_bytes) {
    const int64_t down = space.sizes[space.down()], across = space.sizes[space.across()];
    int64_t rows = 1, columns = std::clamp<int64_t>(across, 1, longest);
    if (space.column_mode) {
      if (is_transposed()) columns = std::min(columns, std::max<int64_t>(16, longest / down));
      const int64_t scratch = kept_bytes * space.row_length;
      if (scratch != 0) {
        columns = std::min(columns, std::max<int64_t>(16, kScratch / scratch / 16 * 16));
      }
      rows = std::clamp<int64_t>(longest / columns, 1, down);
    } else if (elementwise && down > 1 && is_transposed()) {
      columns = std::min<int64_t>(across, 64);
      rows = std::clamp<int64_t>(longest / columns, 1, std::min<int64_t>(down, 16));
    } else if (columns == across && down > 0 &&
               !(elementwise && across >= kLongRun && has_gaps())) {
      rows = std::clamp<int64_t>(longest / columns, 1, down);
    }
    space.tile_rows = rows;
    space.tile_columns = columns;
    space.blocks_down = (down + rows - 1) / rows;
    space.blocks_across = (across + columns - 1) / columns;
  }
};

}  // namespace

void make_space(const Launch& launch, int64_t longest, int64_t kept_bytes, Space& space) {
  const Schedule& schedule = launch.program->schedule();
  const bool elementwise = !schedule.needs_row;
  Shaper shaper{launch, schedule, space};
  shaper.take_dims(elementwise);
  space.column_mode = false;
  space.empty = space.kept_count == 0 || (elementwise && space.row_length == 0);
  if (space.empty) return;
  int columns = -1;
  if (elementwise) {
    if (space.rank > 1) {
      shaper.sort_dims(0, space.rank);
      shaper.join_dims(0, space.rank);
    }
    shaper.kept = 0;
  } else {
    shaper.join_dims(shaper.kept, space.rank);
    shaper.kept = shaper.join_dims(0, shaper.kept);
    columns = shaper.choose_columns();
    if (columns >= 0) {
      space.column_mode = true;
      shaper.move_dim(columns, space.rank - 1);
      --shaper.kept;
    }
  }
  space.group_rank = shaper.kept;
  while (space.rank < space.group_rank + 2) {
    // Row mode's tiles are one row high then; in column mode a row may have no dims left.
    shaper.insert_dim(space.column_mode || space.rank > space.group_rank ? space.rank - 1
                                                                         : space.rank);
  }
  shaper.shape_tiles(elementwise, longest, kept_bytes);
  space.groups = space.outer = 1;
  for (int dim = 0; dim < space.group_rank; ++dim) space.groups *= space.sizes[dim];
  for (int dim = space.group_rank; dim < space.down(); ++dim) space.outer *= space.sizes[dim];
  space.column_blocks = space.column_mode ? space.blocks_across : 1;
  space.groups *= space.column_blocks;
  if (space.column_mode) space.blocks_across = 1;
  space.tiles = space.outer * space.blocks_down * space.blocks_across;
}

}  // namespace tenon::cpu
