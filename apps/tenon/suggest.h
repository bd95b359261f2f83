#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tenon::app {

/// The one of `names` that `word` was probably meant to be: at most two slips of the finger (a
/// letter too many, missing, another, or two swapped) away. Empty where there is none.
std::string closest_name(std::string_view word, std::span<const std::string> names);

}  // namespace tenon::app
