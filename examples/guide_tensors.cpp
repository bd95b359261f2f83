// The guide's first part: tensors, views, indexing, types (docs/guide.md).

#include <iostream>

#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/index/indexing.h"
#include "tenon/ops/operators.h"

using namespace tenon;

void make_tensors() {
  Tensor a = tensor({{1.f, 2.f, 3.f}, {4.f, 5.f, 6.f}});  // float32, [2, 3]
  Tensor b = zeros({2, 3});
  Tensor c = arange(0, 6).reshape({2, 3});  // int64
  Tensor d = randn({2, 3});                 // the same numbers for the same manual_seed
  std::cout << a + b * c + d.abs() << '\n';
}

void share_memory() {
  Tensor x = zeros({3, 4});
  Tensor row = x[1];       // a view: the same memory
  Tensor columns = x.t();  // so is this
  row.fill_(7);
  std::cout << columns[0] << '\n';      // [0 7 0]
  Tensor own = x.clone();               // a copy
  Tensor flat = own.t().reshape({12});  // a copy only where no view would do
  std::cout << flat.sizes().size() << '\n';
}

void pick_elements() {
  Tensor x = arange(0, 24).reshape({2, 3, 4});
  Tensor last = x.index({Ellipsis, -1});                             // x[..., -1]
  Tensor part = x.index({0, Slice(1, None), Slice(None, None, 2)});  // x[0, 1:, ::2]
  Tensor rows = x.index({0, tensor({2, 0})});                        // x[0, [2, 0]]
  Tensor large = x.index({x > 20});                                  // x[x > 20]
  x.index_put_({0, 0}, 100);                                         // x[0, 0] = 100
  std::cout << last << part << rows << large << '\n';
}

void mix_types() {
  Tensor whole = tensor({1, 2, 3});         // int64
  Tensor half = whole * 0.5;                // float32: a number takes part by its kind alone
  Tensor precise = half.to(kFloat64) / 3;   // float64
  Tensor mean_of_whole = mean(whole, {0});  // float32
  std::cout << precise << mean_of_whole.item<float>() << '\n';
}

int main() {
  manual_seed(1);
  make_tensors();
  share_memory();
  pick_elements();
  mix_types();
}
