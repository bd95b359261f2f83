#include "tenon/backends/cpu/kernels/kernels.h"

namespace tenon::cpu {

void register_kernels() {
  register_attention();
  register_checks();
  register_complex();
  register_conv();
  register_conv_block();
  register_counts();
  register_distances();
  register_divisors();
  register_factors();
  register_fourier();
  register_gamma();
  register_gather();
  register_index();
  register_linalg();
  register_multinomial();
  register_nextafter();
  register_order();
  register_points();
  register_resample();
  register_shape();
  register_sort();
  register_unique();
}

}  // namespace tenon::cpu
