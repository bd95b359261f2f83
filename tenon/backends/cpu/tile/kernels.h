#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tenon/core/dtype.h"
#include "tenon/tile/program.h"

namespace tenon::cpu {

/// Elements of the compute class, contiguous, in and out; one-operand ops ignore `b`.
using ElementwiseKernel = void (*)(const void* a, const void* b, void* out, size_t count);
/// `scalars`: bit k is set where operand k is one element.
using TernaryKernel = void (*)(const void* a, const void* b, const void* c, void* out, size_t count,
                               unsigned scalars);
using ConvertKernel = void (*)(const void* in, void* out, size_t count);
/// Adds a tile of `count` elements, the first at row position `position`, to one row's state.
using ReduceKernel = void (*)(const void* tile, size_t count, int64_t position, void* state);
/// Adds what machine code has reduced to the lanes of a vector (see jit::PassReduction) to one
/// row's state.
using LanesKernel = void (*)(const void* lanes, void* state);
/// Adds `rows` x `columns` elements, contiguous, to the states of `columns` columns. A state has
/// kStateFields fields, each an array of `capacity` words of 8 bytes.
using ReduceColumnsKernel = void (*)(const void* tile, size_t rows, size_t columns,
                                     int64_t position, void* state, size_t capacity);
/// Running sums or products of `rows` x `columns` elements down the rows; `carry` holds `columns`
/// accumulators (8 bytes each). One row of a row-mode tile is `columns` == 1.
using ScanKernel = void (*)(const void* tile, void* out, size_t rows, size_t columns, void* carry);
/// Numbers of the elements [first, first + count).
using RandomKernel = void (*)(uint64_t seed, uint64_t offset, unsigned stream, uint64_t first,
                              void* out, size_t count);

inline constexpr size_t kStateFields = 3;
inline constexpr int kReductionCount =
    static_cast<int>(tile::Op::kRowMean) - static_cast<int>(tile::Op::kRowSum) + 1;
/// The longest tile: kernels may keep that many elements on the stack.
inline constexpr size_t kLongestTile = 1024;

/// What one compute class can do on one instruction set. Null where an op doesn't exist.
struct ClassKernels {
  ElementwiseKernel elementwise[tile::kOpCount];   ///< both operands tiles
  ElementwiseKernel right_scalar[tile::kOpCount];  ///< b is one element
  ElementwiseKernel left_scalar[tile::kOpCount];   ///< a is one element
  TernaryKernel multiply_add, select;
  ConvertKernel load[kDTypeCount], store[kDTypeCount];
  void (*fill)(const void* value, void* out, size_t count);
  ReduceKernel reduce[kReductionCount];
  LanesKernel join_lanes[kReductionCount];  ///< of what machine code can reduce
  ReduceColumnsKernel reduce_columns[kReductionCount];
  ScanKernel cumsum, cumprod;
  RandomKernel uniform, normal, bits;
};

struct Kernels {
  std::string name;
  ClassKernels classes[tile::kComputeCount];
  /// Copies around the cache; `out` is aligned to 64 bytes and `bytes` a multiple of them. Other
  /// threads may miss what was copied until this thread has called `finish_streams`, which waits
  /// for memory: once per task, not once per tile.
  void (*stream)(const void* in, void* out, size_t bytes);
  void (*finish_streams)();
};

/// The table of the instruction set in use.
const Kernels& kernels();

/// Each family's source fills its part of the table, for the instruction set with this place in
/// Highway's dispatch tables.
void fill_arithmetic(size_t target_index, Kernels& kernels);
void fill_math(size_t target_index, Kernels& kernels);
void fill_integer(size_t target_index, Kernels& kernels);
void fill_convert(size_t target_index, Kernels& kernels);
void fill_reduce(size_t target_index, Kernels& kernels);
void fill_random(size_t target_index, Kernels& kernels);

/// The number of a reduction in ClassKernels::reduce.
constexpr int reduction_number(tile::Op op) {
  return static_cast<int>(op) - static_cast<int>(tile::Op::kRowSum);
}

}  // namespace tenon::cpu
