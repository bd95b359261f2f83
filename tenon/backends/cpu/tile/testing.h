#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "tenon/backends/cpu/tile/executor.h"
#include "tenon/backends/cpu/tile/isa.h"
#include "tenon/tile/builder.h"

// What the tests of the tile executors share: operands with random contents, and the comparison
// with the scalar executor.
namespace tenon::cpu::testing {

struct Layout {
  DType dtype = kFloat32;
  std::vector<int64_t> strides;
};

/// Elements from the first to the last; at least as many for no elements, because a reduction over
/// an empty row still stores one result a row.
inline int64_t extent(const std::vector<int64_t>& sizes, const std::vector<int64_t>& strides) {
  int64_t last = 0;
  for (size_t d = 0; d < sizes.size(); ++d) {
    last += std::max<int64_t>(sizes[d] - 1, 0) * strides[d];
  }
  return last + 1;
}

/// Of bool the byte: between the elements that a launch stored, an output's memory holds any.
inline double value_at(DType dtype, const void* data, size_t i) {
  if (dtype == kBool) return static_cast<const uint8_t*>(data)[i];
  double value = 0;
  visit_dtype(dtype, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    if constexpr (sizeof(T) <= 8 && requires(T t) { static_cast<double>(t); }) {
      value = static_cast<double>(static_cast<const T*>(data)[i]);
    }
  });
  return value;
}

inline void set_value(DType dtype, void* data, size_t i, double value) {
  visit_dtype(dtype, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    if constexpr (std::is_arithmetic_v<T>) {
      static_cast<T*>(data)[i] = static_cast<T>(value);
    } else if constexpr (sizeof(T) == 2) {
      static_cast<T*>(data)[i] = T(static_cast<float>(value));
    }
  });
}

/// Equal bits; of NaN that it is one: which operand's a result takes is the compiler's choice.
inline bool same_element(DType dtype, const void* a, const void* b) {
  return std::memcmp(a, b, size_of(dtype)) == 0 ||
         (std::isnan(value_at(dtype, a, 0)) && std::isnan(value_at(dtype, b, 0)));
}

/// One launch with memory of its own, run by both executors.
class Trial {
 public:
  Trial(const tile::Program& program, tile::Compute compute, std::vector<int64_t> sizes,
        int row_dims, std::vector<Layout> inputs, std::vector<Layout> outputs)
      : sizes_(std::move(sizes)), outputs_(std::move(outputs)) {
    launch.program = &program;
    launch.compute = compute;
    launch.sizes = InlineVector<int64_t, 8>(std::span<const int64_t>(sizes_));
    launch.row_dims = row_dims;
    launch.seed = 0x1234567890;
    launch.offset = 5;
    std::mt19937_64 random(17);
    for (const Layout& layout : inputs) {
      const auto count = static_cast<size_t>(extent(sizes_, layout.strides));
      auto& memory = input_memory_.emplace_back(count);
      for (size_t i = 0; i < count; ++i) {
        const double whole = static_cast<double>(static_cast<int64_t>(random() % 13)) - 4;
        const double fraction = static_cast<double>(random() % 1000) / 1000;
        const bool positive = is_unsigned(layout.dtype) || layout.dtype == kBool;
        set_value(layout.dtype, memory.data(), i,
                  positive                    ? std::fabs(whole)
                  : is_floating(layout.dtype) ? whole + fraction
                                              : whole);
      }
      inputs_.push_back(operand(memory.data(), layout));
    }
    launch.inputs = inputs_;
  }

  /// Overwrites an element of an input's memory; `i` counts as in memory.
  void set_input(size_t input, size_t i, double value) {
    const DType dtype = inputs_[input].dtype;
    if (i < input_memory_[input].size()) set_value(dtype, input_memory_[input].data(), i, value);
  }

  /// Largest difference, relative to 1 + |expected|; infinite for a NaN on one side only.
  double difference(bool many = false) {
    const auto got = run(many ? 1 : 0), expected = run(2);
    double worst = 0;
    for (size_t k = 0; k < got.size(); ++k) {
      const DType dtype = outputs_[k].dtype;
      const auto count = static_cast<size_t>(extent(sizes_, outputs_[k].strides));
      for (size_t i = 0; i < count; ++i) {
        const double a = value_at(dtype, got[k].data(), i);
        const double b = value_at(dtype, expected[k].data(), i);
        if (a == b || (std::isnan(a) && std::isnan(b))) continue;
        const double error = std::fabs(a - b) / (1 + std::fabs(b));
        worst = std::max(worst, std::isnan(error) ? INFINITY : error);
      }
    }
    return worst;
  }

  /// Whether two runs left the same in the outputs.
  bool same(const std::vector<std::vector<uint64_t>>& a,
            const std::vector<std::vector<uint64_t>>& b) const {
    for (size_t k = 0; k < a.size(); ++k) {
      const size_t size = size_of(outputs_[k].dtype);
      const auto* x = reinterpret_cast<const char*>(a[k].data());
      const auto* y = reinterpret_cast<const char*>(b[k].data());
      for (size_t i = 0; i < a[k].size() * sizeof(uint64_t) / size; ++i) {
        if (!same_element(outputs_[k].dtype, x + i * size, y + i * size)) return false;
      }
    }
    return true;
  }

  /// Memory of the outputs after a run: 0 run_tile, 1 run_tile_many, 2 the scalar executor.
  std::vector<std::vector<uint64_t>> run(int executor) {
    std::vector<std::vector<uint64_t>> memory;
    std::vector<tile::Operand> operands;
    for (const Layout& layout : outputs_) {
      memory.emplace_back(static_cast<size_t>(extent(sizes_, layout.strides)), 0x5555555555555555u);
      operands.push_back(operand(memory.back().data(), layout));
    }
    launch.outputs = operands;
    if (executor == 0) run_tile(launch);
    if (executor == 1) run_tile_many({&launch, 1});
    if (executor == 2) run_tile_scalar(launch);
    return memory;
  }

  tile::Launch launch;

 private:
  static tile::Operand operand(void* data, const Layout& layout) {
    return {data, layout.dtype, InlineVector<int64_t, 8>(std::span<const int64_t>(layout.strides))};
  }

  std::vector<int64_t> sizes_;
  std::vector<Layout> outputs_;
  std::vector<std::vector<uint64_t>> input_memory_;
  std::vector<tile::Operand> inputs_;
};

/// Runs the body with every instruction set of this machine.
template <class Body>
void for_each_instruction_set(Body&& body) {
  for (const std::string& name : available_instruction_sets()) {
    SCOPED_TRACE(name);
    set_instruction_set(name);
    body();
  }
  set_instruction_set("");
}

}  // namespace tenon::cpu::testing
