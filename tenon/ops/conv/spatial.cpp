#include "tenon/ops/conv/spatial.h"

#include <fmt/format.h>

#include "tenon/base/error.h"

namespace tenon::ops {

Shape per_dim(std::string_view call, std::string_view argument, IntList values, size_t spatial,
              int64_t least) {
  if (values.size() != 1 && values.size() != spatial) {
    fail<ValueError>(call, fmt::format("expected one number or {} as {}, got {}", spatial, argument,
                                       to_string(values)));
  }
  Shape result;
  for (size_t i = 0; i < spatial; ++i) {
    const int64_t value = values[values.size() == 1 ? 0 : i];
    if (value < least || value > (int64_t{1} << 31)) {
      fail<ValueError>(call, fmt::format("expected {} from {} to 2^31, got {}", argument, least,
                                         to_string(values)));
    }
    result.push_back(value);
  }
  return result;
}

void check_spatial(std::string_view call, const Tensor& x, size_t spatial) {
  const auto rank = static_cast<int64_t>(spatial);
  if (x.dim() == rank + 1 || x.dim() == rank + 2) return;
  fail<ShapeError>(call, fmt::format("expected x [n, c, ...] or [c, ...] with {} dims after the "
                                     "channels, got {}",
                                     spatial, to_string(x.sizes())));
}

}  // namespace tenon::ops
