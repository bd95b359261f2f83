#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "tenon/base/export.h"

namespace tenon::train {

/// Tells a person how a long loop goes: a bar with rate, loss and time left that is redrawn in
/// place where the output is a terminal; else one plain line every ten seconds at most, so that
/// logs stay readable. Writes to standard error.
class TENON_API Progress {
 public:
  /// `total` samples of a loop called `title` ("epoch 3/10"). Nothing is written when `enabled` is
  /// off.
  Progress(std::string title, int64_t total, bool enabled = true);

  /// Tells the samples done so far and the mean loss over them.
  void update(int64_t done, double loss);
  /// Ends the bar's line.
  void finish();

  /// Samples per second since the start, of `done` less those before it.
  double rate(int64_t done) const;
  double seconds() const;
  /// For a loop that goes on in its middle: `done` samples were there before the clock started.
  void start_at(int64_t done) { first_ = done; }

 private:
  using Clock = std::chrono::steady_clock;

  std::string title_;
  int64_t total_;
  int64_t first_ = 0;
  bool enabled_;
  bool terminal_;
  bool drawn_ = false;
  Clock::time_point start_;
  Clock::time_point last_;
};

/// The bar's text for `width` columns: title, bar, counts, rate, loss where there is one, and time
/// left. A `total` below 0 is unknown: counts and rate alone.
TENON_API std::string progress_line(const std::string& title, int64_t done, int64_t total,
                                    double rate, std::optional<double> loss, int width);
/// 3725 as "1:02:05", 65 as "1:05".
TENON_API std::string clock_text(double seconds);
/// Writes a line to standard error.
TENON_API void log_line(const std::string& text);

}  // namespace tenon::train
