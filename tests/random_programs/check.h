#pragma once

#include <optional>
#include <string>

#include "tests/random_programs/program.h"

namespace tenon::programs {

struct CheckOptions {
  /// Statements of this kind give wrong results when compiled: to see that it is noticed.
  std::string_view broken;
  size_t memory_limit = 0;  ///< of the compiled program's plans
};

/// What of a failing program's call differs between eager and compiled, in words; empty where
/// nothing does.
std::string difference_of(const Program& program, const CheckOptions& options = {});
/// The same of what of the program can be a pure function, whose replays must be as eager calls;
/// nothing where it can't be one.
std::optional<std::string> pure_difference_of(const Program& program);
/// A program that fails as well, with as few statements and calls as leaving some out gives.
Program minimised(Program program, const CheckOptions& options = {});
/// The program, what differs, and what its statements did in the eager calls up to there.
std::string report_of(const Program& program, const CheckOptions& options = {});

}  // namespace tenon::programs
