#pragma once

#include <string_view>

#include "tenon/base/error.h"

namespace tenon {

/// The message of an error without the "[call] " in front.
std::string_view without_call(std::string_view message);

/// Throws the error being handled again, where it names another call as one of `call`, of the same
/// class: the call that the user made, then the part of it that failed.
[[noreturn]] void rethrow_as_part_of(std::string_view call, const Error& error);

/// Runs a composition; its parts' errors name it.
template <class Body>
auto in_composition(std::string_view call, Body&& body) {
  try {
    return body();
  } catch (const Error& error) {
    rethrow_as_part_of(call, error);
  }
}

}  // namespace tenon
