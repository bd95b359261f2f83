#include "tenon/base/long_work.h"

#include <time.h>

#include <utility>

#include "tenon/base/long_work_internal.h"

namespace tenon {

thread_local constinit ThreadWork thread_work;

namespace {

constinit Host the_host;

constexpr int64_t kCheckEvery = 100'000'000;

/// In steps of a few milliseconds; the fine clock takes as long as a short chunk.
int64_t coarse_nanoseconds() {
  timespec now{};
#if defined(CLOCK_MONOTONIC_COARSE)
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
#else
  clock_gettime(CLOCK_MONOTONIC, &now);
#endif
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

void set_host(const Host& host) { the_host = host; }

void LongWork::begin() {
  if (!the_host.leave || thread_work.host) return;
  state_ = thread_work.host = the_host.leave();
  if (state_) thread_work.next_check = coarse_nanoseconds() + kCheckEvery;
}

void LongWork::come_back() {
  thread_work.host = nullptr;
  the_host.come_back(std::exchange(state_, nullptr));
}

HostCode::HostCode() : outer_(std::exchange(thread_work.host, nullptr)) {}
HostCode::~HostCode() { thread_work.host = outer_; }

Uninterrupted::Uninterrupted() { ++thread_work.uninterrupted; }
Uninterrupted::~Uninterrupted() { --thread_work.uninterrupted; }

void check_interrupt() {
  ThreadWork& work = thread_work;
  if (!work.host || work.in_chunk || work.uninterrupted != 0) return;
  const int64_t now = coarse_nanoseconds();
  if (now < work.next_check) return;
  work.next_check = now + kCheckEvery;
  the_host.check(work.host);
}

}  // namespace tenon
