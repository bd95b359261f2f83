#pragma once

#include <string_view>

#include "tenon/base/export.h"

namespace tenon {

/// Tenon's version: "0.1.0".
TENON_API std::string_view version();

}  // namespace tenon
