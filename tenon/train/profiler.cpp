#include "tenon/train/profiler.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "tenon/io/atomic_file.h"

namespace tenon {
namespace {

double microseconds(int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e3; }

std::string time_text(double us) {
  if (us < 1e3) return fmt::format("{:.1f} us", us);
  if (us < 1e6) return fmt::format("{:.2f} ms", us / 1e3);
  return fmt::format("{:.2f} s", us / 1e6);
}

std::string size_text(int64_t bytes) {
  const auto number = static_cast<double>(bytes);
  if (number < 1e6) return fmt::format("{:.1f} kB", number / 1e3);
  if (number < 1e9) return fmt::format("{:.1f} MB", number / 1e6);
  return fmt::format("{:.1f} GB", number / 1e9);
}

/// Nanoseconds of each event that no event within it has.
std::vector<int64_t> own_times(const std::vector<ProfileEvent>& events) {
  std::vector<int64_t> own(events.size());
  std::map<int, std::vector<size_t>> ended;  // of each thread: those that aren't within another yet
  for (size_t i = 0; i < events.size(); ++i) {
    own[i] = events[i].end - events[i].begin;
    std::vector<size_t>& before = ended[events[i].thread];
    while (!before.empty() && events[before.back()].begin >= events[i].begin) {
      own[i] -= events[before.back()].end - events[before.back()].begin;
      before.pop_back();
    }
    before.push_back(i);
  }
  return own;
}

}  // namespace

Profiler::Profiler() { start_profiling(); }

Profiler::~Profiler() { stop(); }

void Profiler::stop() {
  if (!std::exchange(is_running_, false)) return;
  events_ = stop_profiling();
}

std::vector<ProfileAverage> Profiler::averages(bool by_shapes) const {
  const std::vector<int64_t> own = own_times(events_.list);
  std::map<std::tuple<std::string, std::string, std::string>, ProfileAverage> by_name;
  for (size_t i = 0; i < events_.list.size(); ++i) {
    const ProfileEvent& event = events_.list[i];
    const std::string shapes = by_shapes ? event.shapes : std::string();
    ProfileAverage& average = by_name[{event.name, event.category, shapes}];
    average.name = event.name;
    average.shapes = shapes;
    average.category = event.category;
    ++average.count;
    average.total_us += microseconds(event.end - event.begin);
    average.self_us += microseconds(own[i]);
    average.bytes += event.bytes;
  }
  std::vector<ProfileAverage> all;
  for (auto& [key, average] : by_name) all.push_back(std::move(average));
  std::stable_sort(all.begin(), all.end(), [](const ProfileAverage& a, const ProfileAverage& b) {
    return a.self_us > b.self_us;
  });
  return all;
}

std::string Profiler::table(size_t rows) const {
  const std::vector<ProfileAverage> all = averages();
  double sum = 0;
  size_t width = 4;
  for (const ProfileAverage& average : all) sum += average.self_us;
  for (size_t i = 0; i < std::min(rows, all.size()); ++i) {
    width = std::clamp(all[i].name.size(), width, size_t{48});
  }
  std::string text =
      fmt::format("{:<{}}  {:<5}  {:>8}  {:>10}  {:>10}  {:>10}  {:>6}  {:>10}\n", "name", width,
                  "kind", "calls", "self", "total", "mean", "share", "bytes");
  for (size_t i = 0; i < std::min(rows, all.size()); ++i) {
    const ProfileAverage& a = all[i];
    text += fmt::format("{:<{}}  {:<5}  {:>8}  {:>10}  {:>10}  {:>10}  {:>5.1f}%  {:>10}\n",
                        a.name.substr(0, width), width, a.category, a.count, time_text(a.self_us),
                        time_text(a.total_us), time_text(a.total_us / static_cast<double>(a.count)),
                        sum == 0 ? 0 : 100 * a.self_us / sum, size_text(a.bytes));
  }
  if (rows < all.size()) text += fmt::format("and {} more\n", all.size() - rows);
  if (events_.left_out != 0) {
    text += fmt::format("{} later events were left out\n", events_.left_out);
  }
  return text;
}

void Profiler::export_chrome_trace(const std::string& path) const {
  int64_t start = 0;
  for (const ProfileEvent& event : events_.list) {
    start = start == 0 ? event.begin : std::min(start, event.begin);
  }
  nlohmann::json trace = {{"displayTimeUnit", "ns"}, {"traceEvents", nlohmann::json::array()}};
  for (const ProfileEvent& event : events_.list) {
    trace["traceEvents"].push_back({{"name", event.name},
                                    {"cat", event.category},
                                    {"ph", "X"},
                                    {"ts", microseconds(event.begin - start)},
                                    {"dur", microseconds(event.end - event.begin)},
                                    {"pid", 0},
                                    {"tid", event.thread},
                                    {"args", {{"shapes", event.shapes}, {"bytes", event.bytes}}}});
  }
  // Names are a user's: bytes that are no UTF-8 are replaced.
  write_file(path, trace.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
             "export_chrome_trace");
}

}  // namespace tenon
