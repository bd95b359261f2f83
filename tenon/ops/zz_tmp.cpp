#include "tenon/ops/functions.h"
namespace tenon { Tensor Tensor::operator[](int64_t i) const { return tenon::select(*this, 0, i); } }
