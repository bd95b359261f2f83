#include "tenon/dispatch/deferral.h"

#include <utility>

namespace tenon {

Deferrer::~Deferrer() = default;

NotDeferred::NotDeferred()
    : deferrer_(std::exchange(modes().deferrer, nullptr)),
      watch_(std::exchange(memory_watch(), nullptr)) {}

NotDeferred::~NotDeferred() {
  modes().deferrer = deferrer_;
  memory_watch() = watch_;
}

}  // namespace tenon
