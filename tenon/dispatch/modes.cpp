#include "tenon/dispatch/modes.h"

namespace tenon {

namespace {

thread_local constinit Modes current;

}  // namespace

Modes& modes() { return current; }

}  // namespace tenon
