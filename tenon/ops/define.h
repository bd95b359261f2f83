#pragma once

// What an op's file needs: its definition's type, the functions that gradients are written with,
// and sample makers. Only for `define_<op>` functions.

#include "tenon/dispatch/op_def.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/ops/samples.h"

namespace tenon::ops {

using tile::TileBuilder;
using tile::Value;

}  // namespace tenon::ops
