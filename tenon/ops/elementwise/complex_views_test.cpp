// The parts of complex numbers are views: writes through them reach the numbers, in eager and in
// compiled code, and gradients know of it.

#include <gtest/gtest.h>

#include "tenon/autograd/autograd.h"
#include "tenon/autograd/gradcheck.h"
#include "tenon/graph/compile.h"
#include "tenon/graph/ir/graph.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/ops/samples.h"

namespace tenon {
namespace {

using Inputs = std::vector<Tensor>;
using Numbers = std::vector<std::complex<double>>;

Tensor numbers() { return complex(tensor({1.0, 2.0, 3.0}), tensor({4.0, 5.0, 6.0})); }

Numbers values_of(const Tensor& z) {
  const Tensor row = z.contiguous();
  const auto* data = row.data<std::complex<double>>();
  return {data, data + row.numel()};
}

TEST(ComplexViews, WritesReachTheNumbers) {
  const Tensor z = numbers().to(kComplex128);
  real(z).mul_(10);
  imag(z)[1].fill_(-1);
  EXPECT_EQ(values_of(z), (Numbers{{10, 4}, {20, -1}, {30, 6}}));
  view_as_real(z).select(1, 0).add_(view_as_real(z).select(1, 1));
  EXPECT_EQ(values_of(z), (Numbers{{14, 4}, {19, -1}, {36, 6}}));
  const Tensor pairs = tensor({1.0, 2.0, 3.0, 4.0}).to(kFloat64).view({2, 2});
  view_as_complex(pairs).mul_(Scalar(std::complex<double>(0, 1)));
  EXPECT_EQ(pairs[0][0].item<double>(), -2);
  // Of steps and parts of a tensor, too.
  const Tensor row = arange(0.0, 24.0, 1.0, kFloat64).view({2, 3, 4});
  const Tensor every = complex(row, row + 100).transpose(0, 2).slice(0, 1, 4, 2);
  EXPECT_EQ(real(every).sizes(), (Shape{2, 3, 2}));
  EXPECT_EQ(sum(abs(complex(real(every), imag(every)) - every)).item<double>(), 0);
}

TEST(ComplexViews, PairsThatLieElsewhereAreCopied) {
  const Tensor x = arange(0.0, 12.0, 1.0, kFloat64).view({2, 6});
  const Tensor whole = view_as_complex(x.t());  // the last dim lies 6 apart
  EXPECT_EQ(values_of(whole), (Numbers{{0, 6}, {1, 7}, {2, 8}, {3, 9}, {4, 10}, {5, 11}}));
  const Tensor odd = view_as_complex(x.view({12}).narrow(0, 1, 4).view({2, 2}));
  EXPECT_EQ(values_of(odd), (Numbers{{1, 2}, {3, 4}}));
}

TEST(ComplexViews, GradientsOfWritesThroughParts) {
  const Tensor z = ops::sample_complex({3}).requires_grad_();
  const Tensor x = ops::sample_tensor({3}, 1, 2, 5).requires_grad_();
  EXPECT_TRUE(gradcheck(
      [](const Inputs& in) -> Inputs {
        const Tensor y = in[0] * 2, part = imag(y);
        real(y).mul_(in[1]);
        return {y, part * in[1]};
      },
      {z, x}));
  EXPECT_TRUE(gradcheck(
      [](const Inputs& in) -> Inputs {
        const Tensor y = stack({in[0], square(in[0])}, -1);
        const Tensor both = view_as_complex(y);
        both.mul_(complex(in[0], in[0]));
        view_as_real(both)[1].add_(3);
        return {y, both};
      },
      {x}));
}

TEST(ComplexViews, CompiledCodeReadsAndWritesThem) {
  const auto step = [](const Tensor& z, const Tensor& x) {
    const Tensor y = fft_fft(z);
    real(y).mul_(x);
    const Tensor scaled = imag(y) * 2 + real(y);
    return std::vector<Tensor>{y, scaled, view_as_real(y).sum({0})};
  };
  const Tensor x = tensor({1.0, 2.0, 3.0}).to(kFloat64);
  for (int i = 0; i < 3; ++i) {
    const Tensor z = ops::sample_complex({3}, -1, 1, static_cast<uint64_t>(i));
    auto compiled = compile([&] { return step(z, x); });
    const auto want = step(z, x);
    for (int repeat = 0; repeat < 3; ++repeat) {
      const auto got = compiled();
      for (size_t k = 0; k < want.size(); ++k) {
        EXPECT_EQ(amax(abs(got[k] - want[k])).item<double>(), 0) << k;
      }
    }
    for (const graph::Graph& graph : compiled.graphs()) {
      EXPECT_EQ(graph::Graph::parse(graph.to_text()).to_text(), graph.to_text());
    }
  }
}

TEST(ComplexViews, MeaningIsRefusedElsewhere) {
  EXPECT_THROW(imag(ones({2})), DTypeError);
  EXPECT_THROW(view_as_real(ones({2})), DTypeError);
  EXPECT_THROW(view_as_complex(ones({3})), ShapeError);
  EXPECT_THROW(view_as_complex(ones({2}, kInt64)), DTypeError);
  EXPECT_EQ(real(ones({2})).dtype(), kFloat32);
}

}  // namespace
}  // namespace tenon
