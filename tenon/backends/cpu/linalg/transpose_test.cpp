#include "tenon/backends/cpu/linalg/transpose.h"

#include <gtest/gtest.h>

#include <vector>

namespace tenon::cpu {
namespace {

template <class T>
void check(int64_t rows, int64_t cols, int64_t from_stride, int64_t to_stride) {
  std::vector<T> from(static_cast<size_t>(rows * from_stride)),
      to(static_cast<size_t>(cols * to_stride), 7);
  for (size_t i = 0; i < from.size(); ++i) from[i] = static_cast<T>(i * 40503u);
  std::vector<T> want = to;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < cols; ++j) {
      want[static_cast<size_t>(j * to_stride + i)] = from[static_cast<size_t>(i * from_stride + j)];
    }
  }
  transpose(from.data(), rows, cols, from_stride, to.data(), to_stride);
  EXPECT_EQ(to, want) << rows << " x " << cols;
}

TEST(Transpose, AllSizesAroundBlocksAndTiles) {
  for (const int64_t rows : {1, 3, 4, 7, 8, 9, 16, 31, 32, 33, 64, 100}) {
    for (const int64_t cols : {1, 2, 4, 5, 8, 11, 16, 17, 32, 40, 65, 97}) {
      check<uint16_t>(rows, cols, cols, rows);
      check<uint32_t>(rows, cols, cols, rows);
      check<uint16_t>(rows, cols, cols + 3, rows + 5);  // and writes nothing between the rows
      check<uint32_t>(rows, cols, cols + 3, rows + 5);
    }
  }
}

}  // namespace
}  // namespace tenon::cpu
