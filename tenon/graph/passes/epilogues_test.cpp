// Elementwise work that runs on the blocks of a product's result.

#include <gtest/gtest.h>

#include "tenon/base/error.h"
#include "tenon/core/generator.h"
#include "tenon/graph/compile.h"
#include "tenon/graph/passes/passes.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

using graph::Graph;

/// The text of the graph after the pass.
std::string taken_in(const std::string& text) {
  Graph graph = Graph::parse(text);
  graph::take_in_epilogues(graph);
  verify(graph);
  const std::string result = graph.to_text();
  EXPECT_EQ(Graph::parse(result).to_text(), result);
  return result;
}

bool is_by_blocks(const std::string& text) {
  return taken_in(text).find("by blocks") != std::string::npos;
}

const std::string kProduct =
    "%0: bfloat16[1024, 512] = external\n"
    "%1: bfloat16[2048, 512] = external\n"
    "%2: bfloat16[1024, 2048] = linear(%0, %1, none)\n";

TEST(Epilogues, FollowTheirProduct) {
  const std::string text =
      taken_in(kProduct +
               "%3: bfloat16[1024, 2048] = linear(%0, %1, none)\n"
               "%4: bfloat16[1024, 2048] = relu(%2) in float32 over [1024, 2048]\n"
               "%5: bfloat16[1024, 2048] = add(%3, %4) in float32 over [1024, 2048] scalars (1)\n"
               "keep %5\n");
  const size_t relu = text.find("relu(%2) in float32 over [1024, 2048] by blocks");
  ASSERT_NE(relu, std::string::npos) << text;
  EXPECT_LT(relu, text.find("%3:")) << text;
  EXPECT_NE(text.find("by blocks", relu + 60), std::string::npos) << text;
}

TEST(Epilogues, AreElementwiseWorkOnAllOfALargeResultOfHalves) {
  const std::string end = "keep %3\n";
  const std::string relu = "%3: bfloat16[1024, 2048] = relu(%2) in float32 over [1024, 2048]\n";
  EXPECT_TRUE(is_by_blocks(kProduct + relu + end));
  // Rows as a whole; a transposed result; what the product reads is written; few elements; float32.
  EXPECT_FALSE(is_by_blocks(kProduct +
                            "%3: bfloat16[1024, 2048] = softmax(%2) in float32 over [1024, 2048] "
                            "rows [1]\n" +
                            end));
  EXPECT_FALSE(is_by_blocks(kProduct +
                            "%3: bfloat16[2048, 1024] = relu(%2[2048, 1024; 1, 2048; 0]) in "
                            "float32 over [2048, 1024]\n" +
                            end));
  EXPECT_FALSE(
      is_by_blocks("%0: bfloat16[2048, 2048] = external\n"
                   "%2: bfloat16[2048, 2048] = matmul(%0, %0)\n"
                   "%3 in %0: bfloat16[2048, 2048] = relu(%2) in float32 over [2048, 2048]\n"));
  EXPECT_FALSE(
      is_by_blocks("%0: bfloat16[64, 64] = external\n"
                   "%2: bfloat16[64, 64] = matmul(%0, %0)\n"
                   "%3: bfloat16[64, 64] = relu(%2) in float32 over [64, 64]\n" +
                   end));
  EXPECT_FALSE(
      is_by_blocks("%0: float32[2048, 2048] = external\n"
                   "%2: float32[2048, 2048] = matmul(%0, %0)\n"
                   "%3: float32[2048, 2048] = relu(%2) in float32 over [2048, 2048]\n" +
                   end));
}

TEST(Epilogues, OfOtherStepsAreNoGraph) {
  EXPECT_THROW(Graph::parse("%0: bfloat16[4, 4] = external\n"
                            "%1: bfloat16[4, 4] = relu(%0) in float32 over [4, 4] by blocks\n"
                            "keep %1\n"),
               ValueError);
}

TEST(Epilogues, GiveTheBitsOfEagerCode) {
  manual_seed(1);
  const auto random = [](IntList sizes) { return to_dtype(randn(sizes), kBFloat16); };
  const Tensor x = random({1024, 512}), w = random({2048, 512}) * 0.05, b = random({2048});
  const Tensor r = random({1024, 2048}), batch = random({4, 256, 512});
  const std::function<Tensor()> functions[] = {
      [&] { return gelu(linear(x, w, b)); },
      [&] { return r + (matmul(x, w.t()) + b); },
      [&] { return to_dtype(silu(linear(batch, w)), kFloat32); },
      [&] {
        const Tensor z = linear(x, w, b);  // somebody else reads it, too
        return tanh(z) + sum(z, {1}, true);
      },
      [&] { return linear(x, w).relu_(); },
  };
  for (const auto& f : functions) {
    const auto want = f().to_vector<float>();
    auto compiled = compile(f), apart = compile(f, {.without_passes = {"epilogues"}});
    for (int i = 0; i < 2; ++i) EXPECT_EQ(compiled().to_vector<float>(), want);
    EXPECT_NE(compiled.explain().find("by blocks"), std::string::npos) << compiled.explain();
    EXPECT_EQ(apart().to_vector<float>(), want);
    EXPECT_EQ(apart.explain().find("by blocks"), std::string::npos);
  }
}

}  // namespace
}  // namespace tenon
