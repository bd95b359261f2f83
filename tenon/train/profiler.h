#pragma once

#include <string>
#include <vector>

#include "tenon/dispatch/profile.h"

namespace tenon {

/// All events of one name, or of one name and shapes.
struct ProfileAverage {
  std::string name;
  std::string category;
  int64_t count = 0;
  double total_us = 0;  ///< from begin to end
  double self_us = 0;   ///< without the events within
  int64_t bytes = 0;    ///< of inputs and results together
  std::string shapes;   ///< of these, where events of other shapes are another average
};

/// Takes a profile from its making until `stop`: every op of every thread, with shapes and bytes;
/// in compiled functions the steps of their plans; and `RecordFunction` scopes. One at a time in a
/// process. Ops cost about a microsecond more while it runs; it keeps the first 262,144 events.
///
///     Profiler profiler;
///     for (int i = 0; i < 10; ++i) step(x, y);
///     profiler.stop();
///     std::cout << profiler.table();
///     profiler.export_chrome_trace("trace.json");
class TENON_API Profiler {
 public:
  /// Throws ValueError while another one takes a profile.
  Profiler();
  ~Profiler();
  Profiler(const Profiler&) = delete;
  Profiler& operator=(const Profiler&) = delete;

  /// Ends it; the second time it does nothing.
  void stop();
  /// In the order in which they ended; none before `stop`.
  const std::vector<ProfileEvent>& events() const { return events_.list; }
  /// By name, the one with the most time of its own first; `by_shapes`: by name and shapes.
  std::vector<ProfileAverage> averages(bool by_shapes = false) const;
  /// The same as text: count, total and own time, its share, bytes; at most `rows` lines.
  std::string table(size_t rows = 30) const;
  /// Writes the Trace Event Format, which chrome://tracing and ui.perfetto.dev show (Google, "Trace
  /// Event Format": complete events, microseconds). Throws IoError where `path` can't be written.
  void export_chrome_trace(const std::string& path) const;

 private:
  bool is_running_ = true;
  ProfileEvents events_;
};

}  // namespace tenon
