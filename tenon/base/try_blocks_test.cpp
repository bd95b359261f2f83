#include "tenon/base/try_blocks.h"

#include <gtest/gtest.h>

#include <span>
#include <stdexcept>
#include <string>

namespace tenon {
namespace {

/// Calls `code` with its own frame, behind which nothing counts.
template <class Code>
[[gnu::noinline]] bool from_here(Code code) {
  const bool found = code(__builtin_frame_address(0));
  EXPECT_FALSE(is_in_try_block(__builtin_frame_address(0)));
  return found;
}

using Functions = std::span<const void* const>;

[[gnu::noinline]] bool ask(const void* frame, Functions without = {}) {
  const bool found = is_in_try_block(frame, without);
  return found && frame;  // after the call, so that this function has a frame, too
}

[[gnu::noinline]] bool ask_in_try(const void* frame, Functions without = {}) {
  try {
    return ask(frame, without);
  } catch (const std::out_of_range&) {
    return false;
  }
}

/// Something to clean up when an error passes.
[[gnu::noinline]] bool ask_beside(const void* frame, const std::string& text) {
  const std::string copy = text + text;
  const bool found = ask(frame);
  return found && !copy.empty();
}

TEST(TryBlocks, AreFoundInCallers) {
  EXPECT_FALSE(from_here([](const void* frame) { return ask(frame); }));
  EXPECT_TRUE(from_here([](const void* frame) { return ask_in_try(frame); }));
  EXPECT_TRUE(from_here([](const void* frame) {
    try {
      return ask_beside(frame, "a");
    } catch (...) {
      return false;
    }
  }));
}

TEST(TryBlocks, ThoseOfSomeFunctionsDontCount) {
  EXPECT_FALSE(from_here([](const void* frame) {
    const void* const without = reinterpret_cast<const void*>(&ask_in_try);
    return ask_in_try(frame, {&without, 1});
  }));
}

TEST(TryBlocks, CodeBesideABlockIsNotInIt) {
  EXPECT_FALSE(from_here([](const void* frame) {
    bool found = false;
    try {
      if (!frame) throw std::runtime_error("a frame");
    } catch (const std::runtime_error&) {
      found = true;
    }
    return ask(frame) || found;
  }));
  EXPECT_FALSE(from_here([](const void* frame) {
    try {
      throw std::runtime_error("to get into the handler");
    } catch (const std::runtime_error&) {
      return ask(frame);
    }
  }));
}

TEST(TryBlocks, AHandlerMayStandInABlock) {
  EXPECT_TRUE(from_here([](const void* frame) {
    try {
      try {
        throw std::runtime_error("to get into the handler");
      } catch (const std::runtime_error&) {
        return ask(frame);
      }
    } catch (const std::logic_error&) {
      return false;
    }
  }));
}

TEST(TryBlocks, CleaningUpIsNoBlock) {
  EXPECT_FALSE(from_here([](const void* frame) { return ask_beside(frame, "a"); }));
  EXPECT_FALSE(from_here([](const void* frame) noexcept { return ask_beside(frame, "a"); }));
}

TEST(TryBlocks, AroundTheLastFrameDontCount) {
  try {
    EXPECT_FALSE(from_here([](const void* frame) { return ask_beside(frame, "a"); }));
  } catch (const std::exception& error) {
    FAIL() << error.what();
  }
}

}  // namespace
}  // namespace tenon
