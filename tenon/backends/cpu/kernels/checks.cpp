// Kernels that compute nothing: they fail where numbers are not what an op takes.

#include <fmt/format.h>

#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/base/error.h"
#include "tenon/dispatch/op_def.h"

namespace tenon::cpu {
namespace {

void expect_none_kernel(const Call& call, std::span<Tensor> outputs) {
  const int64_t count = *call.input(0).data<int64_t>();
  *outputs[0].data<int64_t>() = count;
  if (count == 0) return;
  const auto name = call.get<std::string_view>(0), expected = call.get<std::string_view>(1);
  const std::string what =
      fmt::format("expected {}; {}", expected,
                  count == 1 ? "one element is not" : fmt::format("{} elements are not", count));
  if (call.get<bool>(2)) fail<IndexError>(name, what);
  fail<ValueError>(name, what);
}

}  // namespace

void register_checks() { register_kernel(OpId::kExpectNone, kCpu.type, expect_none_kernel); }

}  // namespace tenon::cpu
