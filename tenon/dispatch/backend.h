#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tenon/dispatch/call.h"
#include "tenon/dispatch/op_ids.h"
#include "tenon/tile/launch.h"

namespace tenon {

/// A kernel of an op that is no tile program. The results are allocated (by the shape rule),
/// contiguous and uninitialised; an op without a shape rule (its result's size depends on data)
/// gets undefined ones to assign.
using Kernel = void (*)(const Call& call, std::span<Tensor> outputs);

/// A call of a kernel that is yet to run.
struct KernelRun {
  Kernel kernel;
  Call call;
  std::span<Tensor> outputs;
};

/// `out = f(a, b)` over `count` contiguous elements of the compute class; unary ones ignore `b`.
using DirectKernel = void (*)(const void* a, const void* b, void* out, size_t count);

/// Above this many elements a small run's set-up is no saving any more.
inline constexpr int64_t kMostSmallElements = 1024;

/// What a device type can do. Registered once, at load time, by the backend itself.
struct Backend {
  void (*run_tile)(const tile::Launch& launch);
  void (*run_tile_many)(std::span<const tile::Launch> launches);
  /// Runs a program over few elements without set-up. False, having stored nothing, when the
  /// program has steps other than elementwise ones and, of one row, sums, products and extremes; or
  /// when `count` is too large, at most `kMostSmallElements`.
  bool (*run_small)(const tile::SmallLaunch& launch);
  /// The same of several launches of one program without rows, which differ in addresses, numbers
  /// of elements and scalars only, and none of which touches what another writes. The `code` of the
  /// first is kept for all of them.
  bool (*run_small_many)(std::span<const tile::SmallLaunch> launches);
  /// Bytes of the kernel's second input in a layout that lets it run faster; 0: there is none.
  size_t (*packed_bytes)(const KernelRun& run);
  /// Writes it in that layout.
  void (*pack)(const KernelRun& run, void* packed);
  /// Runs the kernel to the same bits with what `pack` wrote.
  void (*run_packed)(const KernelRun& run, const void* packed);
  /// Whether the kernel gains by running beside others of its kind; sizes and strides decide.
  bool (*gains_by_company)(const KernelRun& run);
  /// Runs kernels that gain by it side by side, none of which touches what another writes.
  void (*run_together)(std::span<const KernelRun> runs);
  /// Whether the kernel makes its result in blocks that the elementwise work, over the same sizes,
  /// can run on one by one; sizes and strides decide.
  bool (*makes_blocks)(const KernelRun& run, const tile::Launch& launch);
  /// Runs both so: the work on each block as soon as that is there. `is_alone`: nobody else reads
  /// the kernel's result, which needn't be written.
  void (*run_by_blocks)(const KernelRun& run, const tile::Launch& launch, bool is_alone);
  /// The direct path of a program of one micro-op, or null.
  DirectKernel (*direct_kernel)(const tile::Program& program, tile::Compute compute);
  /// Names and values for people: instruction sets, libraries and their versions.
  std::vector<std::pair<std::string, std::string>> (*describe)();
};

TENON_API void register_backend(uint8_t device_type, const Backend* backend);
TENON_API void register_kernel(OpId id, uint8_t device_type, Kernel kernel);
/// Throws DeviceError naming the device where it has none.
TENON_API const Backend& backend_of(Device device);
/// Null where the device has no kernel for the op.
TENON_API Kernel find_kernel(OpId id, Device device);

}  // namespace tenon
