#include "tenon/backends/cpu/kernels/kernels.h"

namespace tenon::cpu {

void register_kernels() {}

}  // namespace tenon::cpu
