#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tenon/core/dtype.h"
#include "tenon/tile/program.h"

namespace tenon::cpu::jit {

/// Vectors of 8 floats, masks in vectors; or of 16 floats, masks in registers of their own.
enum class VectorSet : uint8_t { kAvx2, kAvx512 };

/// What machine code reads: all elements of a tile, or one for the whole tile, or a constant, whose
/// place is there but isn't read.
struct PassInput {
  DType dtype = kFloat32;
  bool repeated = false;
  bool fetches = false;  ///< asks for memory ahead; its address is one more place
  std::optional<float> constant = {};
};

/// An elementwise op. Values count inputs first, then steps.
struct PassStep {
  tile::Op op = tile::Op::kAdd;
  uint16_t a = 0, b = 0, c = 0;
};

struct PassOutput {
  uint16_t value = 0;
  DType dtype = kFloat32;
  bool once = false;    ///< the first vector only: of a value that is the same for all elements
  bool stream = false;  ///< around the cache; several such outputs, if they lie alike to vectors
};

/// kRowSum, kRowMax, kRowMin. The result is `kLaneBytes` at its place: the lanes of a vector that
/// together hold the value, and for extremes a word behind them that isn't 0 when there was a NaN.
struct PassReduction {
  tile::Op op = tile::Op::kRowSum;
  uint16_t value = 0;
};
inline constexpr size_t kLaneBytes = 128;

/// The work of one pass of a program over one tile: all that its machine code depends on. Its
/// places are, in order, the addresses of inputs, outputs, reductions' results, and what to fetch.
struct PassForm {
  VectorSet set = VectorSet::kAvx2;
  std::vector<PassInput> inputs;
  std::vector<PassStep> steps;
  std::vector<PassOutput> outputs;
  std::vector<PassReduction> reductions;

  /// Equal for equal forms only.
  std::vector<uint32_t> key() const;
};

/// The vectors that the interpreter's instruction set of this name has too: with others, sums would
/// differ. Nothing where code can't be made.
std::optional<VectorSet> vector_set(std::string_view instruction_set);
inline constexpr size_t lanes_of(VectorSet set) { return set == VectorSet::kAvx512 ? 16 : 8; }

/// Whether code can be made for a step, for a load of a dtype, for a store to it.
bool can_compute(tile::Op op);
bool can_load(DType dtype);
bool can_store(DType dtype);

}  // namespace tenon::cpu::jit
