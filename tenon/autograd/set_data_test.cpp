// Tensors whose elements are replaced while they are part of a graph, and tensors over the same
// elements that no graph knows.

#include <gtest/gtest.h>

#include <cmath>

#include "tenon/autograd/grad_fn.h"
#include "tenon/base/error.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

Tensor leaf(IntList sizes) {
  Tensor x = ones(sizes, kFloat64);
  return x.requires_grad_();
}

TEST(VariableData, WritesCountForThemselves) {
  const Tensor x = leaf({2});
  const Tensor y = exp(x);
  const Tensor data = y.variable_data();
  data.mul_(3.0);
  EXPECT_EQ(y.version(), 0u);
  EXPECT_EQ(data.version(), 1u);
  EXPECT_EQ(detach(data).version(), 1u);
  EXPECT_EQ(data.variable_data().version(), 0u);
  EXPECT_EQ(y.impl()->storage->writes(), 1u);
  y.sum().backward();  // exp saved y, which is three times as much now
  EXPECT_NEAR(x.grad()[0].item<double>(), 3 * std::exp(1.0), 1e-12);
}

TEST(VariableData, IsPartOfGraphsOfItsOwn) {
  const Tensor x = ones({2}, kFloat64), w = leaf({2});
  const Tensor data = x.variable_data();
  const Tensor y = (w * data).sum();
  data.add_(1.0);
  EXPECT_THROW(y.backward(), AutogradError);
}

TEST(SetData, KeepsTheGraphHooksAndVersion) {
  const Tensor x = leaf({3});
  int calls = 0;
  x.register_hook([&](const Tensor&) { return ++calls, Tensor(); });
  const Tensor y = x * 2.0;
  const GradFn made_by = GradFn::of(y);
  const TensorImpl* const body = y.impl();
  y.set_data(full({3}, 7.0, kFloat64));
  EXPECT_EQ(y.impl(), body);
  EXPECT_EQ(GradFn::of(y).id(), made_by.id());
  EXPECT_EQ(y.version(), 0u);
  y.add_(1.0);
  EXPECT_EQ(y.version(), 1u);
  (y * y).sum().backward();
  EXPECT_EQ(x.grad().to_vector<double>(), (std::vector<double>{32, 32, 32}));
  const Tensor z = (x * x).sum();
  x.set_data(full({3}, 5.0, kFloat64));
  z.backward();
  EXPECT_EQ(x.grad().to_vector<double>(), (std::vector<double>{42, 42, 42}));
  EXPECT_EQ(calls, 2);
}

TEST(SetData, TakesDtypeAndLayout) {
  const Tensor x = leaf({3});
  x.set_data(arange(0, 6, 1, kFloat32).view({2, 3}).t());
  EXPECT_EQ(x.dtype(), kFloat32);
  EXPECT_EQ(x.strides(), (Shape{1, 3}));
  EXPECT_FALSE(x.is_contiguous());
  (x * 2.0).sum().backward();
  EXPECT_EQ(x.grad().sizes(), (Shape{3, 2}));
  EXPECT_THROW(x.set_data(ones({3}, kInt64)), DTypeError);
  EXPECT_THROW(x.set_data(Tensor()), ValueError);
  EXPECT_THROW(Tensor().set_data(x), ValueError);
  EXPECT_THROW(Tensor().variable_data(), ValueError);
}

TEST(SetData, ViewsStayWithTheMemoryThatTheyHave) {
  const Tensor x = leaf({4});
  const Tensor base = x * 1.0, view = base.slice(0, 0, 2);
  base.set_data(zeros({4}, kFloat64));
  view.mul_(3.0);
  base.add_(1.0);
  EXPECT_EQ(view.to_vector<double>(), (std::vector<double>{3, 3}));
  EXPECT_EQ(base.to_vector<double>(), (std::vector<double>{1, 1, 1, 1}));
  view.sum().backward({}, true);
  EXPECT_EQ(x.grad().to_vector<double>(), (std::vector<double>{3, 3, 0, 0}));
  const Tensor other = x * 1.0, part = other.slice(0, 0, 2);
  other.mul_(2.0);
  other.set_data(zeros({4}, kFloat64));
  EXPECT_THROW(part.sum().backward(), AutogradError);
}

}  // namespace
}  // namespace tenon
