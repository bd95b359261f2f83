#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

#include "tenon/core/generator.h"
#include "tenon/core/tensor.h"
#include "tenon/graph/compile.h"

// How tests hold compiled functions against the same code run eagerly.
namespace tenon {

using Numbers = std::vector<double>;

/// What is compared: every element of every tensor.
inline Numbers numbers_of(std::initializer_list<Tensor> tensors) {
  Numbers numbers;
  for (const Tensor& tensor : tensors) {
    if (!tensor.defined()) continue;
    for (const double value : tensor.to_vector<double>()) numbers.push_back(value);
  }
  return numbers;
}

/// `make()` makes a program with fresh state: a function of the call's number that gives numbers.
/// Its calls must give the same whether all are compiled or none is. Returns the counters.
template <class Make>
CompileCounters expect_same(Make make, int calls = 12) {
  manual_seed(7);
  auto eager = make();
  std::vector<Numbers> want;
  for (int i = 0; i < calls; ++i) want.push_back(eager(i));
  manual_seed(7);
  auto compiled = compile(make());
  for (int i = 0; i < calls; ++i)
    EXPECT_EQ(compiled(i), want[static_cast<size_t>(i)]) << "call " << i;
  return compiled.counters();
}

}  // namespace tenon
