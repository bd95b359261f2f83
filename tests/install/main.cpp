// A user's program: the installed library and nothing else.
#include <tenon/tenon.h>

#include <cstdio>

int main() {
  tenon::manual_seed(1);
  const tenon::Tensor x = tenon::arange(6).reshape({2, 3}).to(tenon::kFloat32);
  const float total = tenon::matmul(x, x.transpose(0, 1)).sum().item<float>();
  std::printf("%g\n", static_cast<double>(total));
  if (total != 83.0f) return 1;
  try {
    tenon::matmul(x, x);
  } catch (const tenon::ShapeError&) {
    return 0;
  }
  return 1;
}
