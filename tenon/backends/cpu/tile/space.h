#pragma once

#include <cstdint>

#include "tenon/base/inline_vector.h"
#include "tenon/tile/launch.h"

namespace tenon::cpu {

inline constexpr int kMostDims = 12;  // after dims of size 1 are gone and others are joined

/// How an operand is walked, or the virtual operand whose "offset" is the linear index.
struct View {
  DType dtype = kFloat32;
  uint32_t element_size = 0;        ///< 0: the virtual operand
  int64_t strides[kMostDims] = {};  ///< in elements, over the dims of the Space
};

/// The iteration space of a launch, as the executor walks it: groups (rows, or blocks of columns),
/// and within a group a walk of tiles. A tile is `rows` x `columns` elements over the last two walk
/// dims; the walk dims before those are looped.
///
/// Row mode: a group is one row, the walk dims are the row's. Elementwise work has one group, and
/// all dims are walked. Column mode: a group is a block of columns (along one kept dim, the last
/// walk dim) at all row positions, and each row value is a vector over the columns.
struct Space {
  bool column_mode = false;
  bool empty = false;
  int rank = 0;
  int64_t sizes[kMostDims];  ///< group dims, then walk dims
  int group_rank = 0;        ///< dims of groups; in column mode the column blocks come on top
  int64_t groups = 1;
  int64_t column_blocks = 1;  ///< per group dims' index; 1 in row mode
  int64_t row_length = 1;     ///< positions in a row
  int64_t kept_count = 1;     ///< rows

  int64_t tile_rows = 1;     ///< of a full tile
  int64_t tile_columns = 1;  ///< of a full tile
  int64_t outer = 1;         ///< product of the walk dims before the last two
  int64_t blocks_down = 1, blocks_across = 1;
  int64_t tiles = 1;  ///< per group

  InlineVector<View, 12> views;  ///< inputs, outputs, then the linear index

  int down() const { return rank - 2; }    ///< the dim that a tile's rows go along
  int across() const { return rank - 1; }  ///< the dim that a tile's columns go along
};

/// Works out the space of a launch. `longest` is the most elements of a tile that `kept_bytes`
/// (bytes that stay per element between passes) and the tile buffers allow.
void make_space(const tile::Launch& launch, int64_t longest, int64_t kept_bytes, Space& space);

}  // namespace tenon::cpu
