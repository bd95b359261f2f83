#include "tenon/dispatch/profile.h"

#include <fmt/format.h>

#include <chrono>
#include <mutex>
#include <utility>

#include "tenon/base/error.h"
#include "tenon/base/fork_safe_mutex.h"
#include "tenon/dispatch/op_def.h"

namespace tenon {

std::atomic<bool> profiling{false};

namespace {

/// More make a trace that nobody can look at, and cost memory that the program needs.
constexpr size_t kMostEvents = 1 << 18;

struct Kept {
  ForkSafeMutex mutex;
  ProfileEvents events;
};

Kept& kept() {
  static auto* instance = new Kept;  // never destroyed: threads may outlive static objects
  return *instance;
}

int thread_number() {
  static constinit std::atomic<int> next{0};
  thread_local const int number = next.fetch_add(1, std::memory_order_relaxed);
  return number;
}

void describe(const Tensor& tensor, ProfileEvent& event) {
  if (!tensor.defined()) {
    event.shapes += "none";
    return;
  }
  event.shapes += fmt::format("{}{}", name_of(tensor.dtype()), to_string(tensor.sizes()));
  event.bytes += static_cast<int64_t>(tensor.nbytes());
}

}  // namespace

int64_t profile_clock() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

void start_profiling() {
  Kept& k = kept();
  const std::lock_guard lock(k.mutex);
  if (profiling.exchange(true, std::memory_order_relaxed)) {
    fail<ValueError>("Profiler", "a profile is being taken already; stop that one first");
  }
  k.events = {};
}

ProfileEvents stop_profiling() {
  Kept& k = kept();
  const std::lock_guard lock(k.mutex);
  profiling.store(false, std::memory_order_relaxed);
  return std::exchange(k.events, {});
}

void add_profile_event(ProfileEvent event) {
  event.thread = thread_number();
  Kept& k = kept();
  const std::lock_guard lock(k.mutex);
  if (!is_profiling()) return;
  if (k.events.list.size() < kMostEvents) {
    k.events.list.push_back(std::move(event));
  } else {
    ++k.events.left_out;
  }
}

RecordFunction::RecordFunction(std::string_view name)
    : name_(name), begin_(is_profiling() ? profile_clock() : -1) {}

RecordFunction::~RecordFunction() {
  if (begin_ < 0 || !is_profiling()) return;
  ProfileEvent event;
  event.name = std::move(name_);
  event.category = "user";
  event.begin = begin_;
  event.end = profile_clock();
  add_profile_event(std::move(event));
}

ProfiledCall::ProfiledCall(const Call& call) {
  event_.name = call.op.name;
  event_.category = "op";
  for (const Tensor* input : call.inputs) {
    if (input != call.inputs[0]) event_.shapes += ", ";
    describe(*input, event_);
  }
  event_.begin = profile_clock();
}

void ProfiledCall::end(std::span<const Tensor> outputs) {
  event_.end = profile_clock();
  event_.shapes += event_.shapes.empty() ? "-> " : " -> ";
  for (const Tensor& output : outputs) {
    if (&output != outputs.data()) event_.shapes += ", ";
    describe(output, event_);
  }
  add_profile_event(std::move(event_));
}

}  // namespace tenon
