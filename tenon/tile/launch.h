#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "tenon/base/inline_vector.h"
#include "tenon/core/dtype.h"
#include "tenon/tile/program.h"

namespace tenon::tile {

/// Memory that a run reads or writes. Owned by the caller.
struct Operand {
  void* data = nullptr;
  DType dtype = kFloat32;
  /// In elements, one per dim of the iteration space; 0 repeats.
  InlineVector<int64_t, 8> strides;
};

/// A number that the host gives to a run, as both kinds of number.
struct Scalar64 {
  double real = 0;
  int64_t integer = 0;

  Scalar64() = default;
  Scalar64(double value);
  Scalar64(float value) : Scalar64(static_cast<double>(value)) {}
  Scalar64(int64_t value) : real(static_cast<double>(value)), integer(value) {}
  Scalar64(int value) : real(value), integer(value) {}
  Scalar64(bool value) : real(value), integer(value) {}
  Scalar64(uint64_t value)
      : real(static_cast<double>(value)), integer(static_cast<int64_t>(value)) {}
};

inline Scalar64::Scalar64(double value)
    : real(value),
      integer(value >= -0x1p63 && value < 0x1p63 ? static_cast<int64_t>(value)
              : value >= 0x1p63                  ? INT64_MAX
              : value < -0x1p63                  ? INT64_MIN
                                                 : 0) {}

/// What an executor keeps of one launch for its next runs, on one thread at a time.
struct LaunchPlan {
  std::shared_ptr<const void> plan;
  const void* target = nullptr;  ///< instruction set that it is for
};

/// One run of a program. The iteration space has the kept dims first, then `row_dims` dims that
/// form the row; 0 row dims: each element is its own row. Outputs of row values ignore their
/// strides along row dims. An output may be exactly an input (same memory, strides and dtype);
/// other overlaps are not allowed.
struct Launch {
  const Program* program = nullptr;
  Compute compute = Compute::kF32;
  InlineVector<int64_t, 8> sizes;
  int row_dims = 0;
  std::span<const Operand> inputs;
  std::span<const Operand> outputs;
  std::span<const Scalar64> scalars;
  uint64_t seed = 0;    ///< of random numbers
  uint64_t offset = 0;  ///< of random numbers: a new one for each run
  /// Where the launch runs again and again with only addresses, scalars and random numbers
  /// changing (and not which outputs are inputs), what was found for it; or null.
  LaunchPlan* kept = nullptr;
};

struct SmallCode;

/// A run over few elements that lie in one piece: no dims, no random numbers, and no rows or one.
struct SmallLaunch {
  struct Input {
    const void* data = nullptr;
    DType dtype = kFloat32;
    bool repeated = false;  ///< one element for the whole run
  };
  struct Output {
    void* data = nullptr;
    DType dtype = kFloat32;
  };

  const Program* program = nullptr;
  Compute compute = Compute::kF32;
  size_t count = 0;
  bool one_row = false;  ///< the elements are a row; else each is a row of its own
  std::span<const Input> inputs;
  /// Of a row value: one element. An output may be exactly an input (same memory and dtype); where
  /// there are several, none of them is an input as it was loaded.
  std::span<const Output> outputs;
  std::span<const Scalar64> scalars;
  /// Of a launch that runs again and again, with nothing but addresses and scalars changed; else
  /// null. Owned by the caller.
  SmallCode* code = nullptr;
};

/// The memory of one small launch.
struct SmallPiece {
  const SmallLaunch::Input* inputs = nullptr;
  const SmallLaunch::Output* outputs = nullptr;
  size_t count = 0;
};

/// What an executor keeps of one small launch, or of several that run together, for the next runs,
/// on one thread at a time.
struct SmallCode {
  /// Runs the program over each of that many pieces, whose scalars and repeated inputs are the
  /// same.
  using Function = void (*)(const SmallPiece*, size_t, const Scalar64*);

  Function function = nullptr;   ///< does a whole run
  const void* target = nullptr;  ///< instruction set that the function is for
  double heat = 0;               ///< nanoseconds of interpretation so far
  bool refused = false;          ///< no code can be made
  std::shared_ptr<const void> memory;
};

}  // namespace tenon::tile
