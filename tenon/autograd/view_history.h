#pragma once

#include "tenon/autograd/node.h"

namespace tenon::autograd {

/// Makes `self`, which was just written in place, result `index` of `node`. Where `self` is a view,
/// its base becomes "the base before, with this part replaced", and every view of it follows (each
/// body's `history` number tells a view that its node is out of date).
void write_history(const Tensor& self, const Intrusive<Node>& node, uint32_t index = 0);
/// `x.t_()` and its like: `tensor` is `view` of itself from now on. Where the view was recorded it
/// is another body, whose base the old one stays; else the body is read in the other way, and its
/// `grad()`, hooks and place in the graph are as before.
TENON_API void take_layout(Tensor& tensor, const Tensor& view);

/// The gradient rule of `view`, made of `x` by as_strided: null where as_strided's own does, which
/// is that of a view within a row-major `x` at the start of its memory.
std::unique_ptr<Rule> as_strided_rule(const Tensor& x, const Tensor& view);

}  // namespace tenon::autograd
