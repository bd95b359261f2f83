#include "tenon/core/default_dtype.h"

#include <atomic>
#include <string>

#include "tenon/base/error.h"

namespace tenon {
namespace {

constinit std::atomic<DType> chosen{kFloat32};

}  // namespace

DType default_dtype() { return chosen.load(std::memory_order_relaxed); }

void set_default_dtype(DType dtype) {
  if (!is_floating(dtype)) {
    fail<DTypeError>("set_default_dtype", "expected float16, bfloat16, float32 or float64, got " +
                                              std::string(name_of(dtype)));
  }
  chosen.store(dtype, std::memory_order_relaxed);
}

}  // namespace tenon
