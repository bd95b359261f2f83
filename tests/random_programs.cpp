// Programs made at random give the same eagerly and compiled, over several calls: results, what is
// kept, arguments, parameters, gradients, optimizer, random numbers, errors.
//
//   TENON_PROGRAMS=10000   how many; the long test of scripts/test.sh
//   TENON_PROGRAM=123      this one only, with all that it does

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

#include "tests/random_programs/check.h"

namespace tenon::programs {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
constexpr uint64_t kUsualCount = kSanitized ? 500 : 1500;

uint64_t number_from(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

volatile std::sig_atomic_t running_seed = 0;

/// Says which program it was, and dies as before.
void report_crash(int signal) {
  fmt::print(stderr, "crashed; TENON_PROGRAM={} runs it alone\n", running_seed);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

TEST(RandomPrograms, CompiledIsAsEager) {
  if (std::getenv("TENON_PROGRAM")) {
    const Program program = make_program(number_from("TENON_PROGRAM", 0));
    fmt::print("{}", report_of(program));
    EXPECT_EQ(difference_of(program), "");
    return;
  }
  // The sanitizers' own handlers say more.
  for (const int signal : {SIGSEGV, SIGABRT, SIGFPE}) {
    if (!kSanitized) std::signal(signal, report_crash);
  }
  const uint64_t count = number_from("TENON_PROGRAMS", kUsualCount);
  int failures = 0;
  for (uint64_t seed = 0; seed < count; ++seed) {
    running_seed = static_cast<std::sig_atomic_t>(seed);
    const Program program = make_program(seed);
    if (difference_of(program).empty()) continue;
    ADD_FAILURE() << "TENON_PROGRAM=" << seed << " runs it alone; less of it fails, too:\n"
                  << report_of(minimised(program));
    if (++failures == 3) break;
  }
}

/// With a limit that nothing meets, all that can be made again is.
TEST(RandomPrograms, ValuesThatAreMadeAgainAreTheSame) {
  const CheckOptions options{.memory_limit = 1};
  const uint64_t count = number_from("TENON_PROGRAMS", kUsualCount) / 3;
  std::string report;
  testing::internal::CaptureStderr();  // each of them warns
  for (uint64_t seed = 0; seed < count && report.empty(); ++seed) {
    const Program program = make_program(seed);
    if (difference_of(program, options).empty()) continue;
    report = fmt::format("program {}:\n{}", seed, report_of(minimised(program, options), options));
  }
  EXPECT_NE(testing::internal::GetCapturedStderr().find("more than its limit of 1 B"),
            std::string::npos);
  EXPECT_EQ(report, "");
}

/// As far as they are pure functions, without their code.
TEST(RandomPrograms, ReplaysOfPureFunctionsAreAsEager) {
  const uint64_t count = number_from("TENON_PROGRAMS", kUsualCount) / 3;
  uint64_t compared = 0;
  for (uint64_t seed = 0; seed < count; ++seed) {
    running_seed = static_cast<std::sig_atomic_t>(seed);
    const Program program = make_program(seed);
    const std::optional<std::string> found = pure_difference_of(program);
    ASSERT_EQ(found.value_or(""), "") << "program " << seed << ":\n" << to_text(program.statements);
    compared += found.has_value();
  }
  EXPECT_GT(compared, count / 2);
}

TEST(RandomPrograms, AWrongResultIsFoundAndNarrowedDown) {
  const CheckOptions options{.broken = "reduce"};
  int found = 0;
  for (uint64_t seed = 0; seed < 45; ++seed) {
    const Program program = make_program(seed);
    if (difference_of(program, options).empty()) continue;
    ++found;
    const Program less = minimised(program, options);
    EXPECT_LE(count(less.statements), 6u) << to_text(less.statements);
    EXPECT_NE(to_text(less.statements).find("reduce"), std::string::npos);
  }
  EXPECT_GE(found, 10);
}

}  // namespace
}  // namespace tenon::programs
