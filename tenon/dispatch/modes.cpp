#include "tenon/dispatch/modes.h"

namespace tenon {

Modes& modes() {
  thread_local Modes current;
  return current;
}

}  // namespace tenon
