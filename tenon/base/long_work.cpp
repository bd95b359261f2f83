#include "tenon/base/long_work.h"

#include <time.h>

#include <utility>

#include "tenon/base/long_work_internal.h"

namespace tenon {

thread_local constinit WorkState* thread_work = nullptr;
constinit WorkState a_chunk;

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
  if (!the_host.leave || thread_work) return;
  state_.host = the_host.leave();
  if (!state_.host) return;
  state_.next_check = coarse_nanoseconds() + kCheckEvery;
  thread_work = &state_;
}

void LongWork::come_back() {
  thread_work = nullptr;
  the_host.come_back(std::exchange(state_.host, nullptr));
}

HostCode::HostCode() : outer_(thread_work) {
  if (thread_work != &a_chunk) thread_work = nullptr;
}
HostCode::~HostCode() { thread_work = outer_; }

Uninterrupted::Uninterrupted() : work_(thread_work == &a_chunk ? nullptr : thread_work) {
  if (work_) ++work_->uninterrupted;
}
Uninterrupted::~Uninterrupted() {
  if (work_) --work_->uninterrupted;
}

void check_interrupt() {
  WorkState* const work = thread_work;
  if (!work || work == &a_chunk || work->uninterrupted != 0) return;
  const int64_t now = coarse_nanoseconds();
  if (now < work->next_check) return;
  work->next_check = now + kCheckEvery;
  the_host.check(work->host);
}

}  // namespace tenon
