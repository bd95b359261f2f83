#pragma once

#include <span>

#include "tests/random_programs/machine.h"

// What statements do, by kind.
namespace tenon::programs {

std::span<const Action> math_actions();
std::span<const Action> layer_actions();
std::span<const Action> index_actions();
std::span<const Action> view_actions();
std::span<const Action> write_actions();
std::span<const Action> gradient_actions();
std::span<const Action> host_actions();

}  // namespace tenon::programs
