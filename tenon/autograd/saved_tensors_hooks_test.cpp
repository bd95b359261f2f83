// Hooks on what is saved for gradients.

#include "tenon/autograd/saved_tensors_hooks.h"

#include <gtest/gtest.h>

#include "tenon/autograd/autograd.h"
#include "tenon/autograd/custom_function.h"
#include "tenon/base/error.h"
#include "tenon/graph/compile.h"
#include "tenon/ops/expect_error_test_internal.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

using Values = std::vector<double>;

Tensor leaf(Values values) {
  const auto count = static_cast<int64_t>(values.size());
  Tensor made = empty({count}, kFloat64);
  std::copy(values.begin(), values.end(), made.data<double>());
  return made.requires_grad_();
}

/// Keeps twice the elements, so that gradients tell of it.
autograd::PackSaved doubling(int& packed, int& unpacked) {
  return [&](const Tensor& saved) -> autograd::UnpackSaved {
    ++packed;
    EXPECT_FALSE(saved.requires_grad());
    return [kept = saved * 2, &unpacked] {
      ++unpacked;
      return kept;
    };
  };
}

TEST(SavedTensorsHooks, InputsAndResultsGoThroughThem) {
  Tensor x = leaf({1, 2}), y = leaf({3, 4});
  int packed = 0, unpacked = 0;
  Tensor product, root;
  {
    const autograd::SavedTensorsHooks hooks(doubling(packed, unpacked));
    product = x * y;
    root = sqrt(leaf({4}));
  }
  EXPECT_EQ(packed, 3);
  product.sum().backward({}, true);
  EXPECT_EQ(x.grad().to_vector<double>(), (Values{6, 8}));
  EXPECT_EQ(y.grad().to_vector<double>(), (Values{2, 4}));
  EXPECT_EQ(unpacked, 2);
  product.sum().backward();  // the graph was kept
  EXPECT_EQ(unpacked, 4);
  EXPECT_THROW(product.sum().backward(), AutogradError);
  Tensor plain = x * y;  // no hooks any more
  plain.sum().backward();
  EXPECT_EQ(packed, 3);
}

TEST(SavedTensorsHooks, OfSeveralTheInnermostIsCalled) {
  int outer = 0, inner = 0, unpacked = 0;
  const autograd::SavedTensorsHooks first(doubling(outer, unpacked));
  const Tensor x = leaf({1, 2});
  {
    const autograd::SavedTensorsHooks second(doubling(inner, unpacked));
    EXPECT_TRUE((x * x).requires_grad());
  }
  EXPECT_TRUE(exp(x).requires_grad());
  EXPECT_EQ(inner, 2);
  EXPECT_EQ(outer, 1);
}

TEST(SavedTensorsHooks, GradientsOfGradientsFindTheHistory) {
  const auto second_order = [](bool packs) {
    Tensor x = leaf({0.5, -0.25}), w = leaf({2, 3});
    std::optional<autograd::SavedTensorsHooks> hooks;
    if (packs) {
      hooks.emplace([](const Tensor& saved) -> autograd::UnpackSaved {
        return [kept = clone(saved)] { return clone(kept); };
      });
    }
    const Tensor y = tanh(x * w) * exp(x);
    hooks.reset();
    const std::vector<Tensor> first = grad({y.sum()}, {x, w}, {}, {.create_graph = true});
    (first[0] * first[1]).sum().backward();
    Values all = x.grad().to_vector<double>();
    for (const double value : w.grad().to_vector<double>()) all.push_back(value);
    return all;
  };
  EXPECT_EQ(second_order(true), second_order(false));
}

TEST(SavedTensorsHooks, CopiesMayOutliveWhatTheyAreCopiesOf) {
  Tensor x = leaf({1, 2});
  Tensor hidden = x * 3, y;
  {
    const autograd::SavedTensorsHooks hooks([](const Tensor& saved) -> autograd::UnpackSaved {
      return [kept = clone(saved)] { return kept; };
    });
    y = hidden * hidden;
  }
  hidden.add_(100);  // an error without hooks
  y.sum().backward();
  EXPECT_EQ(x.grad().to_vector<double>(), (Values{18, 36}));
}

struct Square final : autograd::Function {
  std::vector<Tensor> forward(TensorList inputs) override {
    const Tensor square = inputs[0] * inputs[0];
    save({inputs[0], square});
    return {square};
  }
  std::vector<Tensor> backward(TensorList grads) override {
    EXPECT_EQ(saved(1).requires_grad(), saved(0).requires_grad());
    return {grads[0] * saved(0) * 2 + saved(1) * 0};
  }
};

TEST(SavedTensorsHooks, CustomFunctionsAndCheckpointsSaveThroughThem) {
  Tensor x = leaf({1, 2});
  int packed = 0, unpacked = 0;
  Tensor square, cube;
  {
    const autograd::SavedTensorsHooks hooks(doubling(packed, unpacked));
    square = autograd::apply<Square>({x})[0];
    EXPECT_EQ(packed, 2);
    cube = checkpoint([](const std::vector<Tensor>& in) { return in[0] * in[0] * in[0]; }, {x});
    EXPECT_EQ(packed, 3);
  }
  const Tensor first = grad({square.sum()}, {x}, {}, {.create_graph = true})[0];
  EXPECT_EQ(first.to_vector<double>(), (Values{4, 8}));
  const Tensor second = grad({first.sum()}, {x})[0];
  EXPECT_EQ(second.to_vector<double>(), (Values{2, 2}));
  cube.sum().backward();
  EXPECT_EQ(x.grad().to_vector<double>(), (Values{12, 48}));  // 3 (2 x)^2
}

TEST(SavedTensorsHooks, MistakesAreTold) {
  const Tensor x = leaf({1, 2});
  {
    const autograd::SavedTensorsHooks hooks([](const Tensor& saved) -> autograd::UnpackSaved {
      saved.add_(1);
      return [saved] { return saved; };
    });
    EXPECT_MESSAGE(AutogradError, "[exp] a pack hook of saved_tensors_hooks wrote the tensor",
                   exp(x));
  }
  Tensor y;
  {
    const autograd::SavedTensorsHooks hooks([](const Tensor& saved) -> autograd::UnpackSaved {
      return [saved] { return saved.to(kFloat32); };
    });
    y = exp(x);
  }
  EXPECT_MESSAGE(AutogradError, "must give float64 of sizes [2] on 'cpu' back", y.sum().backward());
  EXPECT_FALSE(autograd::disable_saved_tensors_hooks("not here"));
  const auto identity = [](const Tensor& saved) -> autograd::UnpackSaved {
    return [saved] { return saved; };
  };
  EXPECT_MESSAGE(AutogradError, "not here", autograd::SavedTensorsHooks{identity});
  EXPECT_EQ(autograd::disable_saved_tensors_hooks({}), "not here");
  const autograd::SavedTensorsHooks hooks(identity);
  EXPECT_MESSAGE(AutogradError, "too late", autograd::disable_saved_tensors_hooks("too late"));
}

TEST(SavedTensorsHooks, CompiledFunctionsCallThemInEachCall) {
  int packed = 0, unpacked = 0;
  const auto gradient = [&](bool compiled) {
    std::function<Tensor(const Tensor&)> step = [&](const Tensor& given) {
      const Tensor x = given.detach().requires_grad_();
      Tensor y;
      {
        const autograd::SavedTensorsHooks hooks(doubling(packed, unpacked));
        y = tanh(x) * x;
      }
      y.sum().backward();
      return x.grad();
    };
    if (compiled) step = compile(step);
    Values all;
    for (int i = 0; i < 4; ++i) {
      const Values row = step(arange(0.0, 40.0, 1.0, kFloat64) * (0.01 * i)).to_vector<double>();
      all.insert(all.end(), row.begin(), row.end());
    }
    return all;
  };
  const Values eager = gradient(false);
  EXPECT_EQ(packed, 12);
  EXPECT_EQ(gradient(true), eager);
  EXPECT_EQ(packed, 24);
  EXPECT_EQ(unpacked, 24);
}

}  // namespace
}  // namespace tenon
