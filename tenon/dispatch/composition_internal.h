#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "tenon/dispatch/op_def.h"

namespace tenon {

/// The message of an error without the "[call] " in front.
std::string_view without_call(std::string_view message);

/// Runs a composition of the call's op; errors of its parts name the call that the user made, too.
void run_composition(OpDef::Composition composition, const Call& call, std::span<Tensor> outputs);
/// The same of an op that gives a list.
std::vector<Tensor> run_list_composition(const Call& call);

/// The two above: they catch errors to throw them again.
std::array<const void*, 2> composing_functions();

}  // namespace tenon
