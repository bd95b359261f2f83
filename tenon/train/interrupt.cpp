#include "tenon/train/interrupt.h"

#include <signal.h>

#include <atomic>
#include <iterator>

namespace tenon::train {
namespace {

// Signal handlers may touch these: lock-free atomics and plain structs set before the handler.
std::atomic<bool> noted{false};
std::atomic<bool> installed{false};
constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
struct sigaction previous[std::size(kSignals)];

void note(int) { noted.store(true, std::memory_order_relaxed); }

}  // namespace

InterruptGuard::InterruptGuard() : owner_(!installed.exchange(true)) {
  if (!owner_) return;
  noted = false;
  struct sigaction action {};
  action.sa_handler = note;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  for (size_t i = 0; i < std::size(kSignals); ++i) {
    sigaction(kSignals[i], nullptr, &previous[i]);
    if (previous[i].sa_handler != SIG_IGN) sigaction(kSignals[i], &action, nullptr);
  }
}

InterruptGuard::~InterruptGuard() {
  if (!owner_) return;
  for (size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &previous[i], nullptr);
  installed = false;
}

bool InterruptGuard::interrupted() const { return noted.load(std::memory_order_relaxed); }

}  // namespace tenon::train
