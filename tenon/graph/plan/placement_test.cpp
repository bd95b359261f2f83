// Where buffers of an arena lie.

#include "tenon/graph/plan/placement.h"

#include <gtest/gtest.h>

#include <random>

namespace tenon::graph {
namespace {

TEST(Placement, PlacesAreUsedAgain) {
  // Two that live at one time, then a third in the first one's place.
  const Lifetime all[] = {{100, 0, 1}, {200, 1, 3}, {100, 2, 3}};
  const Placement placement = place(all, {});
  EXPECT_EQ(placement.bytes, 256u + 128u);
  EXPECT_EQ(placement.places[0], placement.places[2]);
}

TEST(Placement, AResultTakesTheMemoryOfWhatItIsMadeOf) {
  // A chain of four: each is written where the one before was read.
  const Lifetime all[] = {{64, 0, 1}, {64, 1, 2}, {64, 2, 3}, {64, 3, 4}};
  const std::pair<uint32_t, uint32_t> pairs[] = {{1, 0}, {2, 1}, {3, 2}};
  EXPECT_EQ(place(all, {}).bytes, 128u);
  EXPECT_EQ(place(all, pairs).bytes, 64u);
}

TEST(Placement, OnlyOneOfTwoResultsTakesIt) {
  const Lifetime all[] = {{64, 0, 1}, {64, 1, 2}, {64, 1, 2}};
  const std::pair<uint32_t, uint32_t> pairs[] = {{1, 0}, {2, 0}};
  const Placement placement = place(all, pairs);
  EXPECT_NE(placement.places[1], placement.places[2]);
  EXPECT_EQ(placement.bytes, 128u);
}

TEST(Placement, LentMemoryComesFirst) {
  // The smallest that has room, once what lent it is over; what doesn't fit goes to the arena.
  const Lifetime all[] = {{256, 0, 1, true}, {128, 0, 3, true}, {128, 4, 5},
                          {128, 2, 3},       {64, 1, 2},        {512, 4, 5}};
  const Placement placement = place(all, {});
  EXPECT_EQ(placement.homes,
            (std::vector<uint32_t>{0, 1, 1, 0, Placement::kArena, Placement::kArena}));
  EXPECT_EQ(placement.bytes, 512u);
}

TEST(Placement, AResultTakesTheMemoryOfWhatLendsIt) {
  const Lifetime all[] = {{128, 0, 2, true}, {128, 2, 4}, {128, 2, 4}};
  const std::pair<uint32_t, uint32_t> pairs[] = {{1, 0}, {2, 0}};
  const Placement placement = place(all, pairs);
  EXPECT_EQ(placement.homes, (std::vector<uint32_t>{0, 0, Placement::kArena}));
  EXPECT_EQ(placement.bytes, 128u);
}

TEST(Placement, ChainsOfOneForkLiveAtOneTime) {
  const auto in_chain = [](uint32_t fork, uint32_t chain, int first, int last) {
    return Lifetime{64, first, last, false, fork, chain};
  };
  // Two of the first chain, one after the other; one of the second; one of another fork's.
  const Lifetime all[] = {in_chain(1, 1, 0, 1), in_chain(1, 1, 2, 3), in_chain(1, 2, 4, 5),
                          in_chain(2, 1, 6, 7)};
  const Placement placement = place(all, {});
  EXPECT_EQ(placement.places, (std::vector<size_t>{0, 0, 64, 0}));
  EXPECT_EQ(placement.bytes, 128u);
}

/// Random lifetimes: what lives at one time never overlaps, but for pairs at one place.
TEST(Placement, NothingOverlapsThatLivesAtOneTime) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<Lifetime> all;
    std::vector<std::pair<uint32_t, uint32_t>> pairs;
    for (uint32_t i = 0; i < 20; ++i) {
      const int first = static_cast<int>(random() % 20);
      all.push_back(
          {64 * (random() % 5), first, first + static_cast<int>(random() % 6), random() % 8 == 0});
      for (uint32_t k = 0; k < i; ++k) {
        if (all[k].last == first && all[k].bytes == all[i].bytes && random() % 2) {
          pairs.emplace_back(i, k);
        }
      }
    }
    const Placement placement = place(all, pairs);
    for (uint32_t i = 0; i < all.size(); ++i) {
      const size_t begin = placement.places[i], end = begin + all[i].bytes;
      const uint32_t home = placement.homes[i];
      EXPECT_LE(end, home == Placement::kArena ? placement.bytes : all[home].bytes);
      for (uint32_t k = 0; k < i; ++k) {
        const size_t other = placement.places[k], other_end = other + all[k].bytes;
        if (end <= other || other_end <= begin || all[i].bytes == 0 || all[k].bytes == 0) continue;
        if (placement.homes[k] != home) continue;
        if (all[i].last < all[k].first || all[k].last < all[i].first) continue;
        const bool pair = std::find(pairs.begin(), pairs.end(), std::pair(i, k)) != pairs.end();
        EXPECT_TRUE(pair && begin == other) << "round " << round << ": " << i << ", " << k;
      }
    }
  }
}

}  // namespace
}  // namespace tenon::graph
