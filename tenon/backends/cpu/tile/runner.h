#pragma once

#include <cstdint>
#include <vector>

#include "tenon/backends/cpu/tile/plan.h"

namespace tenon::cpu {

/// Memory of one group (a row, or a block of columns), which its passes share. Pointers are to
/// parts that Plan gives the sizes of.
struct Group {
  size_t columns = 1;                 ///< of this group; the last block of columns may have fewer
  InlineVector<int64_t, 12> offsets;  ///< of each view, in elements
  char* rows = nullptr;
  char* expanded = nullptr;
  char* carry = nullptr;
  char* kept = nullptr;
};

/// Bytes of everything that a Group points at.
size_t group_bytes(const Plan& plan);
/// Points the group at `memory` and at its place in the space.
void place_group(const Plan& plan, int64_t index, char* memory, Group& group);

/// Runs tiles of one launch on one thread, with that thread's scratch. Not shared between threads.
class Runner {
 public:
  /// Scratch that the calling thread keeps; `bytes` beyond the tile buffers belong to the caller.
  Runner(const Run& run, size_t bytes);
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  ~Runner() {
    if (streamed_) plan_.table->finish_streams();
  }
  char* extra() const { return extra_; }

  /// What a row does before its first pass.
  void run_prologue(const Group& group);
  /// Tiles [begin, end) of a pass; reductions go to `states`.
  void run_tiles(size_t pass, const Group& group, char* states, int64_t begin, int64_t end);
  /// What a row does after a pass whose reductions ended in `states`.
  void finish_pass(size_t pass, const Group& group, const char* states);
  /// Elementwise work as one long tile, for a pass whose code is `flat`: elements [begin, end).
  void run_flat(const Group& group, int64_t begin, int64_t end);

  void start_states(size_t pass, char* states) const;
  void join_states(size_t pass, char* states, const char* other) const;

 private:
  struct Arena;
  static Arena& arena();
  Runner(const Run& run, size_t bytes, Arena& arena);

  struct Tile {
    int64_t index[kMostDims];  ///< of the outer walk dims
    int64_t position = 0;      ///< row position of the first element
    int64_t down = 0, across = 0;
    int64_t rows = 1, columns = 1;
    size_t count = 1;
  };

  /// Memory that will be read soon.
  struct Ahead {
    const char* at = nullptr;
    size_t lines = 0;
  };

  void seek(const Group& group, int64_t tile_number);
  void shape_tile(const Group& group);
  void next_outer();
  void refresh_outer(const Group& group);
  int64_t tile_offset(size_t view) const;
  /// Of the current tile's first element in a view.
  char* address(size_t view) const;

  void point_rows(const Group& group);
  void point_kept(const Group& group);
  int64_t row_position() const;
  char* result_place(const Step& step);
  const char* materialize(uint16_t value, bool scalar);
  void run_step(const Step& step, const Group& group, char* states);
  void run_tile(size_t pass, const Group& group, char* states);
  void run_code(const PassCode& code, jit::PassFunction function, const Group& group, char* states);
  void fill_places(const PassCode& code, char* lanes);
  void call_code(const PassCode& code, jit::PassFunction function, char* lanes, char* states);
  void call_by_rows(const PassCode& code, jit::PassFunction function);
  void run_kept_scalar(const Step& step);
  void run_load(const Step& step);
  void spread(const Step& step, const char* from, char* out);
  void run_random(const Step& step, char* out) const;
  void remember_to_fetch(const Step& step);
  void fetch_ahead(size_t lines);
  void run_store(const StoreStep& store);
  template <class T>
  void number_positions(T* out) const;
  template <class T>
  void number_elements(T* out) const;
  template <class T>
  void mark_index(const int64_t* index, T* out) const;

  char* row_value(const Group& group, uint16_t value) const;
  void run_row_step(uint16_t i, const Group& group, const char* states);
  void run_row_arithmetic(uint16_t i, const Group& group, char* out);
  void load_row(uint16_t i, const Group& group, char* out);
  void pick(uint16_t i, const Group& group, char* out);
  void store_row(uint16_t i, const Group& group);
  void expand(uint16_t i, const Group& group);

  const tile::Launch& launch_;
  const Plan& plan_;
  const Space& space_;
  const tile::Schedule& schedule_;
  const jit::PassFunction* codes_;  ///< of each pass; null: none
  std::span<const tile::Instruction> code_;
  char* buffers_ = nullptr;
  char* raw_ = nullptr;   ///< one tile as memory has it
  char* full_ = nullptr;  ///< one tile of the compute class
  char* extra_ = nullptr;
  std::vector<char*>& data_;             ///< of each view
  std::vector<char*>& values_;           ///< where each value of the current tile is
  std::vector<char*>& places_;           ///< what machine code is called with
  std::vector<int64_t>& outer_offsets_;  ///< of each view: group and outer dims
  Tile tile_;
  InlineVector<Ahead, 4> ahead_;
  bool streamed_ = false;  ///< stores around the cache are under way
};

}  // namespace tenon::cpu
