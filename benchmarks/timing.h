#pragma once

// How every program of benchmarks/ measures and reports, and how benchmarks/compare drives it. It
// names nothing of Tenon, so that the peers in C++ are timed by the very same code.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace tenon::benchmark {

/// Adam's, of networks that learn the same few samples all the time: too low for them to converge
/// while they are measured. Gradients whose squares are denormal numbers take a processor several
/// times as long, and who is fastest would get there first.
constexpr double kLearningRate = 1e-8;

/// Median seconds of one call of `body`. Calls are timed in rounds of at least 10 ms, for at least
/// three rounds and `budget` seconds; the first round, which warms up, isn't counted.
inline double seconds_per_call(const std::function<void()>& body, double budget) {
  using Clock = std::chrono::steady_clock;
  const auto round_of = [&](long calls) {
    const auto start = Clock::now();
    for (long i = 0; i < calls; ++i) body();
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  constexpr double kShortestRound = 0.01;
  long calls = 1;
  for (double took = round_of(1); took < kShortestRound; took = round_of(calls)) {
    const double wanted = 1.2 * kShortestRound / std::max(took, 1e-7);
    calls = std::max(calls + 1, static_cast<long>(static_cast<double>(calls) * wanted));
  }
  std::vector<double> rounds;
  double total = 0;
  while (rounds.size() < 3 || total < budget) {
    const double took = round_of(calls);
    rounds.push_back(took / static_cast<double>(calls));
    total += took;
  }
  std::nth_element(rounds.begin(), rounds.begin() + rounds.size() / 2, rounds.end());
  return rounds[rounds.size() / 2];
}

/// What the compiler must take for used.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "r"(&value) : "memory");
}

/// The cases of one program. Run by hand, it measures each and prints a JSON line of it; with
/// --serve it measures the cases that are named on its input, a line each, so that two programs can
/// be run in turn without starting them anew.
class Suite {
 public:
  using Body = std::function<void()>;

  explicit Suite(std::string name) : name_(std::move(name)) {}

  /// A case measured in time: `prepare` makes the tensors and gives what is timed. The value is the
  /// seconds of a call times `scale` (1e9 for ns; divided by what a call holds).
  void time(std::string name, std::string unit, double scale, std::function<Body()> prepare) {
    cases_.push_back({std::move(name), std::move(unit), scale, false, std::move(prepare)});
  }
  /// A case measured as a rate: `amount` of the unit a call.
  void rate(std::string name, std::string unit, double amount, std::function<Body()> prepare) {
    cases_.push_back({std::move(name), std::move(unit), amount, true, std::move(prepare)});
  }

  int run(int argc, char** argv) {
    bool serve = false;
    std::string filter;
    for (int i = 1; i < argc; ++i) {
      const std::string argument = argv[i];
      if (argument == "--serve") {
        serve = true;
      } else if (argument == "--case" && i + 1 < argc) {
        filter = argv[++i];
      } else if (argument == "--seconds" && i + 1 < argc) {
        budget_ = std::atof(argv[++i]);
      } else {
        std::fprintf(stderr, "usage: %s [--serve] [--case TEXT] [--seconds S]\n", argv[0]);
        return 2;
      }
    }
    return serve ? answer_requests() : measure_all(filter);
  }

 private:
  struct Case {
    std::string name, unit;
    double scale;
    bool is_rate;
    std::function<Body()> prepare;
  };

  int measure_all(const std::string& filter) {
    for (const Case& c : cases_) {
      if (c.name.find(filter) != std::string::npos) measure(c);
    }
    return 0;
  }

  int answer_requests() {
    std::printf("{\"name\": \"%s\", \"cases\": [", name_.c_str());
    for (size_t i = 0; i < cases_.size(); ++i) {
      std::printf("%s\"%s\"", i == 0 ? "" : ", ", cases_[i].name.c_str());
    }
    std::printf("]}\n");
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) {
      const auto found =
          std::find_if(cases_.begin(), cases_.end(), [&](const Case& c) { return c.name == line; });
      if (found == cases_.end()) {
        std::printf("{\"case\": \"%s\", \"error\": \"no such case\"}\n", line.c_str());
        std::fflush(stdout);
      } else {
        measure(*found);
      }
    }
    return 0;
  }

  void measure(const Case& c) {
    try {
      if (prepared_ != c.name) {
        body_ = nullptr;  // gives the memory of the case before back first
        body_ = c.prepare();
        prepared_ = c.name;
      }
      const double seconds = seconds_per_call(body_, budget_);
      std::printf("{\"case\": \"%s\", \"value\": %.6g, \"unit\": \"%s\"}\n", c.name.c_str(),
                  c.is_rate ? c.scale / seconds : c.scale * seconds, c.unit.c_str());
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s: %s\n", c.name.c_str(), error.what());
      std::printf("{\"case\": \"%s\", \"error\": \"see stderr\"}\n", c.name.c_str());
    }
    std::fflush(stdout);
  }

  std::string name_;
  std::vector<Case> cases_;
  double budget_ = 0.12;
  std::string prepared_;
  Body body_;
};

}  // namespace tenon::benchmark
