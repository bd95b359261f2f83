#pragma once

#include <string>
#include <string_view>

namespace tenon::python {

/// A text of the library's, about its C++ names, as it reads in Python: dtypes and devices
/// (`kInt64`: int64, `kCpu`: 'cpu'), `retain_graph=true` (True, as false and none), `NoGrad`
/// (`no_grad()`), `Optimizer::step` (`Optimizer.step`).
std::string python_words(std::string_view text);

}  // namespace tenon::python
