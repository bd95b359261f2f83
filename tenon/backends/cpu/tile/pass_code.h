#pragma once

#include <memory>
#include <span>
#include <vector>

#include "tenon/backends/cpu/tile/jit/code_cache.h"
#include "tenon/backends/cpu/tile/jit/code_memory.h"

namespace tenon::cpu {

struct Plan;
struct Step;
struct StoreStep;

/// A pass of a plan cut in three: steps of the interpreter that read memory in ways that machine
/// code doesn't, machine code for the arithmetic, and what the interpreter does with its results.
/// The bits are those of the interpreter alone.
struct PassCode {
  static constexpr size_t kMostReductions = 8;
  static constexpr size_t kFlatFetchBytes = 2048;  ///< ahead of where a long tile is

  /// Where an address that the code is called with comes from.
  struct Port {
    uint16_t value = 0;
    int16_t view = -1;         ///< the tile's place in it; -1: where the interpreter has the value
    uint8_t element_size = 4;  ///< 0: the address doesn't move within the tile
  };
  struct Buffered {
    uint16_t value, place;
  };

  std::shared_ptr<jit::CodeEntry> entry;  ///< null: the interpreter does the whole pass
  std::vector<Step> before;
  std::vector<Port> inputs, outputs;
  std::vector<uint16_t> fetches;   ///< numbers of inputs whose next elements are asked for
  std::vector<Buffered> buffered;  ///< values that the code leaves in tile buffers
  std::vector<Step> reductions;    ///< done by the code, up to the lanes of a vector
  std::vector<Step> after;
  std::vector<StoreStep> stores;
  size_t most = SIZE_MAX;  ///< elements of one call
  bool streams = false;
  bool flat = false;  ///< many tiles can be run as one
  /// Called for each row of a tile: operands that repeat along rows or down them, or have gaps
  /// between rows, are read where they lie.
  bool by_rows = false;
  uint16_t places = 0;  ///< tile buffers that are needed
};

/// The code of every pass; passes that no code can be made for have no entry. `is_scalar`: of each
/// value, whether it is one element for a whole tile.
std::vector<PassCode> make_pass_codes(const Plan& plan, std::span<const char> is_scalar);

}  // namespace tenon::cpu
