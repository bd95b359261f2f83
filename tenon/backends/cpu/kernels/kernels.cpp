#include "tenon/backends/cpu/kernels/kernels.h"

namespace tenon::cpu {

void register_kernels() {
  register_complex();
  register_index();
  register_linalg();
  register_shape();
}

}  // namespace tenon::cpu
