#include "tenon/train/progress.h"

#include <gtest/gtest.h>

namespace tenon::train {
namespace {

TEST(Progress, DrawsABar) {
  EXPECT_EQ(progress_line("epoch 3/10", 4000, 8000, 1000, 0.1234, 80),
            "epoch 3/10 [============>           ] 4000/8000  1000/s  loss 0.1234  0:04 left");
  EXPECT_EQ(progress_line("epoch 3/10", 8000, 8000, 1000, 0.1234, 0),
            "epoch 3/10 8000/8000  1000/s  loss 0.1234  0:00 left");
  EXPECT_EQ(progress_line("e", 0, 10, 0, 0, 0), "e 0/10  0/s  loss 0.0000  - left");
  EXPECT_EQ(progress_line("e", 5, 10, 5, {}, 0), "e 5/10  5/s  0:01 left");
  EXPECT_EQ(progress_line("e", 5, -1, 2, {}, 80), "e 5  2/s");
  EXPECT_EQ(progress_line("e", 5, -1, 2, 0.5, 80), "e 5  2/s  loss 0.5000");
}

TEST(Progress, WritesTimes) {
  EXPECT_EQ(clock_text(64.2), "1:05");
  EXPECT_EQ(clock_text(3725), "1:02:05");
  EXPECT_EQ(clock_text(-1), "0:00");
}

}  // namespace
}  // namespace tenon::train
