// Launches that run together against each alone.

#include <gtest/gtest.h>

#include <vector>

#include "tenon/backends/cpu/tile/executor.h"
#include "tenon/base/parallel.h"
#include "tenon/tile/builder.h"

namespace tenon::cpu {
namespace {

using tile::Compute;
using tile::Launch;
using tile::Operand;
using tile::Program;
using tile::TileBuilder;
using tile::Value;

/// Two launches over one matrix, of its rows and of its columns, and one of its own.
class Together {
 public:
  Together() : x_(kRows * kColumns), scaled_(x_.size()), sums_(2 * kColumns), other_(1000) {
    for (size_t i = 0; i < x_.size(); ++i) x_[i] = static_cast<float>(i * 37 % 101) * 0.25f - 9;
    TileBuilder rows;
    const Value x = rows.load(0);
    rows.store(0, rows.sub(x, rows.row_max(x)));
    of_rows_ = rows.finish();
    TileBuilder columns;
    const Value y = columns.load(0);
    columns.store(0, columns.row_sum(y));
    columns.store(1, columns.row_sum(columns.mul(y, y)));
    of_columns_ = columns.finish();
    TileBuilder elements;
    elements.store(0, elements.exp(elements.mul(elements.load(0), elements.constant(0.01))));
    of_elements_ = elements.finish();
  }

  std::vector<float> results(bool together) {
    const Operand in{x_.data(), kFloat32, {kColumns, 1}},
        turned{x_.data(), kFloat32, {1, kColumns}};
    const Operand few{x_.data(), kFloat32, {1}};
    const Operand scaled{scaled_.data(), kFloat32, {kColumns, 1}};
    const Operand sums[] = {{sums_.data(), kFloat32, {1, 0}},
                            {sums_.data() + kColumns, kFloat32, {1, 0}}};
    const Operand other{other_.data(), kFloat32, {1}};
    const Launch launches[] = {
        {&of_elements_, Compute::kF32, {1000}, 0, {&few, 1}, {&other, 1}, {}, 0, 0},
        {&of_rows_, Compute::kF32, {kRows, kColumns}, 1, {&in, 1}, {&scaled, 1}, {}, 0, 0},
        {&of_columns_, Compute::kF32, {kColumns, kRows}, 1, {&turned, 1}, sums, {}, 0, 0}};
    for (std::vector<float>* memory : {&scaled_, &sums_, &other_}) {
      memory->assign(memory->size(), -1.0f);
    }
    if (together) {
      run_tile_many(launches);
    } else {
      for (const Launch& launch : launches) run_tile(launch);
    }
    std::vector<float> all = scaled_;
    all.insert(all.end(), sums_.begin(), sums_.end());
    all.insert(all.end(), other_.begin(), other_.end());
    return all;
  }

 private:
  static constexpr int64_t kRows = 5000, kColumns = 301;

  std::vector<float> x_, scaled_, sums_, other_;
  Program of_rows_, of_columns_, of_elements_;
};

TEST(Batches, GiveTheBitsOfEachLaunchAlone) {
  Together launches;
  const std::vector<float> want = launches.results(false);
  const int threads = num_threads();
  for (const int count : {1, 2, 3}) {
    set_num_threads(count);
    EXPECT_EQ(launches.results(true), want) << count;
  }
  set_num_threads(threads);
}

}  // namespace
}  // namespace tenon::cpu
