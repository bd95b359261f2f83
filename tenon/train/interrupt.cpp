#include "tenon/train/interrupt.h"

#include <signal.h>

#include <atomic>

namespace tenon::train {
namespace {

// Signal handlers may touch these: lock-free atomics and plain structs set before the handler.
std::atomic<bool> noted{false};
std::atomic<bool> installed{false};
struct sigaction previous_interrupt;
struct sigaction previous_terminate;

void note(int) { noted.store(true, std::memory_order_relaxed); }

}  // namespace

InterruptGuard::InterruptGuard() : owner_(!installed.exchange(true)) {
  if (!owner_) return;
  noted = false;
  struct sigaction action {};
  action.sa_handler = note;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigaction(SIGINT, &action, &previous_interrupt);
  sigaction(SIGTERM, &action, &previous_terminate);
}

InterruptGuard::~InterruptGuard() {
  if (!owner_) return;
  sigaction(SIGINT, &previous_interrupt, nullptr);
  sigaction(SIGTERM, &previous_terminate, nullptr);
  installed = false;
}

bool InterruptGuard::interrupted() const { return noted.load(std::memory_order_relaxed); }

}  // namespace tenon::train
