// Errors in compiled functions: that they are eager's own, at the same op, and leave what eager
// would have left.

#include <gtest/gtest.h>

#include <stdexcept>

#include "tenon/autograd/autograd.h"
#include "tenon/base/error.h"
#include "tenon/graph/compile.h"
#include "tenon/graph/compile_test_internal.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

TEST(Compile, EveryErrorIsEagersOwn) {
  auto f = compile([](const Tensor& a, const Tensor& b) {
    const Tensor sum = a + 1;
    return matmul(sum, b);
  });
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(f(ones({2, 3}), ones({3, 2})).sizes(), (Shape{2, 2}));
    try {
      f(ones({2, 3}), ones({2, 3}));
      FAIL();
    } catch (const ShapeError& error) {
      EXPECT_NE(std::string(error.what()).find("[matmul]"), std::string::npos) << error.what();
    }
  }
}

TEST(Compile, AnExceptionLeavesWhatEagerWouldLeave) {
  expect_same([] {
    return [state = zeros({2})](int i) mutable {
      try {
        state.add_(1.0);
        if (i % 3 == 1) throw std::runtime_error("of the user");
        state.mul_(2.0);
      } catch (const std::runtime_error&) {
        state.sub_(0.5);
      }
      return numbers_of({state});
    };
  });
}

TEST(Compile, AnExceptionOutOfTheCallFlushes) {
  Tensor state = zeros({2});
  auto f = compile([&](bool bad) {
    state.add_(1.0);
    if (bad) throw std::runtime_error("of the user");
    state.add_(10.0);
  });
  for (int i = 0; i < 3; ++i) {
    f(false);
    EXPECT_THROW(f(true), std::runtime_error);
  }
  EXPECT_EQ(state.to_vector<double>(), (Numbers{36, 36}));
}

TEST(Compile, ErrorsThatDependOnDataKeepTheirOrder) {
  Tensor before = zeros({1}), after = zeros({1});
  auto f = compile([&](const Tensor& index) {
    before.add_(1.0);
    const Tensor rows = index_select(ones({3, 2}), 0, index);
    after.add_(1.0);
    return rows;
  });
  const Tensor good = tensor({0, 2}), bad = tensor({0, 7});
  f(good);
  EXPECT_THROW(f(bad), IndexError);
  EXPECT_EQ(before.item<double>(), 2);
  EXPECT_EQ(after.item<double>(), 1);
  EXPECT_EQ(f(good).sizes(), (Shape{2, 2}));
}

TEST(Compile, AnErrorThatDependsOnDataLeavesWhatWasThereBefore) {
  for (const bool compiled : {false, true}) {
    Tensor kept, state = zeros({3});
    const auto program = [&](const Tensor& x, const Tensor& index) {
      kept = tanh(x);  // goes together with what comes after the error
      state.fill_(1.0);
      const Tensor rows = index_select(x, 0, index) + kept;
      const double seen = sum(rows).item<double>();
      state.fill_(2.0);
      return seen;
    };
    auto f = compile(program);
    const auto call = [&](const Tensor& index) {
      return compiled ? f(ones({2}), index) : program(ones({2}), index);
    };
    call(tensor({0, 1}));
    EXPECT_EQ(numbers_of({state}), (Numbers{2, 2, 2}));
    EXPECT_THROW(call(tensor({0, 7})), IndexError);
    EXPECT_EQ(numbers_of({kept}), numbers_of({tanh(ones({2}))}));
    EXPECT_EQ(numbers_of({state}), (Numbers{1, 1, 1}));
  }
}

TEST(Compile, WritesAfterAStepThatMayFailDontReplaceThoseBefore) {
  Tensor state = zeros({3});
  auto f = compile([&](const Tensor& index) {
    state.fill_(1.0);
    const Tensor rows = index_select(ones({2}), 0, index);
    state.fill_(2.0);
    return rows;
  });
  f(tensor({0, 1}));
  EXPECT_EQ(numbers_of({state}), (Numbers{2, 2, 2}));
  EXPECT_THROW(f(tensor({0, 7})), IndexError);
  EXPECT_EQ(numbers_of({state}), (Numbers{1, 1, 1}));
}

/// Whatever is fused around it, and whatever lies behind it.
TEST(Compile, IntegersDividedByZeroFailInTheirPlace) {
  Tensor before = zeros({4}), after = zeros({4});
  auto f = compile([&](const Tensor& x, const Tensor& y) {
    before.add_(1.0);
    const Tensor ratio = floor_divide(x * 2 + 1, y) - 3;
    before.add_(ratio);
    after.add_(1.0);
    const Tensor unused = remainder(x, y - 1);
    return ratio;
  });
  const Tensor x = tensor({10, 20, 30, 40}), good = tensor({2, 3, 4, 5});
  for (int i = 0; i < 3; ++i) f(x, good);
  before.fill_(0);
  EXPECT_THROW(f(x, tensor({2, 3, 0, 5})), ValueError);
  EXPECT_EQ(numbers_of({before, after}), (Numbers{1, 1, 1, 1, 3, 3, 3, 3}));
  EXPECT_THROW(f(x, tensor({2, 3, 1, 5})), ValueError);
  EXPECT_EQ(numbers_of({after}), (Numbers{4, 4, 4, 4}));
}

/// Also where nobody reads the factor.
TEST(Compile, MatricesWithoutAFactorFailInTheirPlace) {
  for (const bool pure : {false, true}) {
    Tensor before = zeros({1}), after = zeros({1});
    auto f = compile(
        [&](const Tensor& matrix) {
          before.add_(1.0);
          linalg_cholesky(matrix);
          after.add_(1.0);
        },
        {.pure = pure});
    for (int i = 0; i < 3; ++i) f(eye(3));
    EXPECT_THROW(f(-eye(3)), ValueError);
    EXPECT_EQ(numbers_of({before, after}), (Numbers{4, 3})) << pure;
  }
}

/// More is added to the diagonal until there is a factor.
TEST(Compile, CodeCatchesTheErrorsOfFactors) {
  expect_same([] {
    return [](int i) {
      Tensor matrix = eye(3) * (1 - i % 3);
      for (int tries = 0;; ++tries) {
        try {
          const Tensor factor = linalg_cholesky(matrix);
          return numbers_of({factor * 2 + tries});
        } catch (const ValueError&) {
          matrix = matrix + eye(3) * 0.75;
        }
      }
    };
  });
}

/// Looked up where there is a row; the call goes on where there is none.
TEST(Compile, CodeCatchesTheErrorsOfIndices) {
  expect_same([] {
    return [table = arange(12.0).reshape({4, 3}), missing = zeros({1})](int i) mutable {
      Tensor row;
      try {
        row = index_select(table, 0, tensor({i % 6})) * 2;
        table.add_(1.0);
      } catch (const IndexError&) {
        missing.add_(1.0);
        row = zeros({1, 3});
      }
      return numbers_of({row + 1, table, missing});
    };
  });
}

TEST(Compile, CodeCatchesTheErrorsOfIntegerDivisions) {
  expect_same([] {
    return [failed = zeros({1})](int i) mutable {
      const auto divide = [](const Tensor& x, const Tensor& y) { return floor_divide(x + 1, y); };
      Tensor ratio = zeros({2});
      try {
        ratio = divide(tensor({7, 8}), tensor({1, i % 3}));
      } catch (...) {
        failed.add_(1.0);
      }
      return numbers_of({ratio.to(kFloat32) * 3, failed});
    };
  });
}

/// Only ops that may fail, in code that a `try` within the function is around, end what is pending.
TEST(Compile, OnlyWhatATryCatchesRunsAtOnce) {
  const Tensor table = arange(12.0).reshape({4, 3}), rows = tensor({0, 3});
  auto outside = compile([&](const Tensor& x) {
    const Tensor chosen = take_along_dim(x, rows.reshape({2, 1}), 0);  // an op made of others
    return index_select(chosen, 0, rows % 2) * 2;
  });
  try {
    for (int i = 0; i < 3; ++i) outside(table);
  } catch (const IndexError&) {
    FAIL();
  }
  EXPECT_EQ(outside.counters().flushes, 3);
  auto inside = compile([&](const Tensor& x) {
    try {
      return index_select(x * 3, 0, rows) * 2;
    } catch (const IndexError&) {
      return zeros({1});
    }
  });
  for (int i = 0; i < 3; ++i) inside(table);
  EXPECT_EQ(inside.counters().flushes, 6);
  EXPECT_NE(inside.explain().find("an op whose error the code catches"), std::string::npos);
  auto harmless = compile([&](const Tensor& x) {
    try {
      return exp(x * 3) * 2;
    } catch (const Error&) {
      return zeros({1});
    }
  });
  for (int i = 0; i < 3; ++i) harmless(table);
  EXPECT_EQ(harmless.counters().flushes, 3);
}

TEST(Compile, NamesOfWritersInErrorsAreEagers) {
  const auto program = [] {
    const Tensor w = ones({1, 1}).requires_grad_();
    const Tensor y = w * 2, z = square(y);
    {
      const NoGrad no_grad;
      y.detach().reshape({1}).lerp_(y.detach().reshape({}), 0.5);
    }
    try {
      z.backward();
    } catch (const AutogradError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const std::string eager = program();
  EXPECT_NE(eager.find("'lerp'"), std::string::npos) << eager;
  EXPECT_EQ(compile(program)(), eager);
}

}  // namespace
}  // namespace tenon
