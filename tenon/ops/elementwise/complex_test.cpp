// Gradients of complex ops against finite differences of the parts that they are made of.

#include <gtest/gtest.h>

#include <functional>

#include "tenon/autograd/gradcheck.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/expect_error_test_internal.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/ops/samples.h"

namespace tenon {
namespace {

using ops::sample_tensor;
using Binary = std::function<Tensor(const Tensor&, const Tensor&)>;

Tensor parameter(const Shape& sizes, uint64_t seed) {
  // Away from 0, where abs and division have no gradient.
  Tensor x = sample_tensor(sizes, 0.4, 2, seed);
  x.requires_grad_();
  return x;
}

std::vector<Tensor> parts(const Tensor& z) {
  if (!z.is_complex()) return {z};
  return {real(z), imag(z)};
}

/// Checks `op` of two complex numbers, and of a complex and a real one on either side.
void check(const char* name, const Binary& op, const Shape& a, const Shape& b) {
  SCOPED_TRACE(name);
  const std::vector<Tensor> inputs = {parameter(a, 1), parameter(a, 2), parameter(b, 3),
                                      parameter(b, 4)};
  const auto complex_both = [&](const std::vector<Tensor>& x) {
    return parts(op(complex(x[0], x[1]), complex(x[2], x[3])));
  };
  const auto real_right = [&](const std::vector<Tensor>& x) {
    return parts(op(complex(x[0], x[1]), x[2]));
  };
  const auto real_left = [&](const std::vector<Tensor>& x) {
    return parts(op(x[0], complex(x[1], x[2])));
  };
  EXPECT_TRUE(gradcheck(complex_both, inputs));
  EXPECT_TRUE(gradgradcheck(complex_both, inputs));
  EXPECT_TRUE(gradcheck(real_right, {inputs[0], inputs[1], inputs[2]}));
  EXPECT_TRUE(gradcheck(real_left, {inputs[0], inputs[2], inputs[3]}));
}

TEST(ComplexGradients, Arithmetic) {
  const auto plus = [](const Tensor& a, const Tensor& b) { return a + b; };
  const auto minus = [](const Tensor& a, const Tensor& b) { return a - b; };
  const auto times = [](const Tensor& a, const Tensor& b) { return a * b; };
  const auto over = [](const Tensor& a, const Tensor& b) { return a / b; };
  const auto picked = [](const Tensor& a, const Tensor& b) {
    return where(tensor({true, false, true}), a, b);
  };
  for (const Shape& b : {Shape{2, 3}, Shape{3}, Shape{}}) {
    check("add", plus, {2, 3}, b);
    check("sub", minus, {2, 3}, b);
    check("mul", times, {2, 3}, b);
    check("div", over, {2, 3}, b);
    check("where", picked, {2, 3}, b);
  }
}

TEST(ComplexGradients, Products) {
  const auto product = [](const Tensor& a, const Tensor& b) { return matmul(a, b); };
  check("matmul", product, {2, 3}, {3, 2});
  check("vectors", product, {3}, {3});
  check("row", product, {3}, {3, 2});
  check("column", product, {2, 3}, {3});
  check("batch", product, {2, 2, 3}, {3, 2});
  check("batches", product, {2, 1, 3}, {2, 3, 2});
  check("linear", [](const Tensor& a, const Tensor& b) { return linear(a, b); }, {2, 3}, {4, 3});
  check("outer", [](const Tensor& a, const Tensor& b) { return outer(a, b); }, {2}, {3});
}

TEST(ComplexGradients, OneOperand) {
  const std::vector<std::pair<const char*, std::function<Tensor(const Tensor&)>>> unary = {
      {"neg", [](const Tensor& z) { return -z; }},
      {"abs", [](const Tensor& z) { return abs(z); }},
      {"square", [](const Tensor& z) { return square(z); }},
      {"reciprocal", [](const Tensor& z) { return reciprocal(z); }},
      {"conj", [](const Tensor& z) { return conj(z) * z; }},
      {"real", [](const Tensor& z) { return real(z); }},
      {"imag", [](const Tensor& z) { return imag(z); }},
      {"sum", [](const Tensor& z) { return sum(z, {1}); }},
      {"mean", [](const Tensor& z) { return mean(z); }},
      {"scaled", [](const Tensor& z) { return (z * 2 - 1) / 3; }},
      {"powers", [](const Tensor& z) { return z * z * z; }},
      {"moved",
       [](const Tensor& z) {
         return cat({z.t(), flip(z, {0}).reshape({3, 2})});
       }},
      {"picked",
       [](const Tensor& z) {
         return index_select(z, 1, tensor({2, 0, 2}));
       }},
      {"padded",
       [](const Tensor& z) {
         return pad(z, {1, 0});
       }},
      {"to complex", [](const Tensor& z) { return real(z).to(kComplex128) * z; }},
  };
  const std::vector<Tensor> inputs = {parameter({2, 3}, 1), parameter({2, 3}, 2)};
  for (const auto& [name, op] : unary) {
    SCOPED_TRACE(name);
    const auto function = [&op = op](const std::vector<Tensor>& x) {
      return parts(op(complex(x[0], x[1])));
    };
    EXPECT_TRUE(gradcheck(function, inputs));
    EXPECT_TRUE(gradgradcheck(function, inputs));
  }
}

TEST(ComplexGradients, OfAComplexLeaf) {
  Tensor z = complex(tensor(3.0, kFloat64), tensor(4.0, kFloat64));
  z.requires_grad_();
  abs(z).backward();
  // z / |z|: the direction in which |z| grows.
  EXPECT_DOUBLE_EQ(real(z.grad()).item<double>(), 0.6);
  EXPECT_DOUBLE_EQ(imag(z.grad()).item<double>(), 0.8);
}

TEST(ComplexGradients, AreThereOrAnError) {
  Tensor z = complex(ones({2}), ones({2}));
  z.requires_grad_();
  EXPECT_MESSAGE(DTypeError, "[floor] got complex64; expected one of", floor(z));
  EXPECT_MESSAGE(DTypeError, "[amax] got complex64; expected one of", amax(z));
  EXPECT_MESSAGE(AutogradError, "a complex number has no one gradient", sum(z * z).backward());
}

}  // namespace
}  // namespace tenon
