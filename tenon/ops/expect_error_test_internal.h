#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tenon/base/error.h"

namespace tenon::testing {

/// The message of the error of type `E` that `run` ends in.
template <class E, class Run>
std::string message_of(Run run) {
  try {
    run();
  } catch (const E& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("an error of another type: ") + error.what();
  }
  return "no error";
}

}  // namespace tenon::testing

/// Expects that the expression ends in an error of this type whose message holds `text`.
#define EXPECT_MESSAGE(type, text, ...)                                                         \
  do {                                                                                          \
    const std::string message = tenon::testing::message_of<type>([&] { (void)(__VA_ARGS__); }); \
    EXPECT_NE(message.find(text), std::string::npos) << message;                                \
  } while (false)
