// Row 9: what only moves memory: eager, where chains run op by op, and compiled, where each is one
// tile program.

#include <string>

#include "benchmarks/timing.h"
#include "tenon/core/generator.h"
#include "tenon/dispatch/modes.h"
#include "tenon/graph/compile.h"
#include "tenon/ops/functions.h"

using namespace tenon;

namespace {

constexpr int64_t kRows = 8192, kColumns = 1024;
constexpr int64_t kTokens = 512, kVocabulary = 50257;

/// relu(x * y + x), `links` times over: three ops a link.
Tensor chain(const Tensor& x, const Tensor& y, int links) {
  Tensor h = x;
  for (int i = 0; i < links; ++i) h = relu(add(mul(h, y), x));
  return h;
}

void add_chains(benchmark::Suite& suite) {
  const struct {
    const char* name;
    int64_t count;
  } sizes[] = {{"64K", int64_t{1} << 16}, {"1M", int64_t{1} << 20}, {"16M", int64_t{1} << 24}};
  for (const int links : {1, 4}) {
    for (const auto& size : sizes) {
      const std::string name = std::to_string(3 * links) + "-op chain, " + size.name;
      suite.time(name, "ms", 1e3, [links, count = size.count] {
        return
            [links, x = rand({count}), y = rand({count})] { benchmark::keep(chain(x, y, links)); };
      });
      suite.time("compiled " + name, "ms", 1e3, [links, count = size.count] {
        const auto run = [links](const Tensor& x, const Tensor& y) { return chain(x, y, links); };
        return [x = rand({count}), y = rand({count}), compiled = compile(run)]() mutable {
          benchmark::keep(compiled(x, y));
        };
      });
    }
  }
  suite.time("GELU, 16M", "ms", 1e3,
             [] { return [x = randn({int64_t{1} << 24})] { benchmark::keep(gelu(x)); }; });
  suite.time("compiled GELU, 16M", "ms", 1e3, [] {
    const auto run = [](const Tensor& x) { return gelu(x); };
    return [x = randn({int64_t{1} << 24}), compiled = compile(run)]() mutable {
      benchmark::keep(compiled(x));
    };
  });
}

/// Forward alone, and forward with backward, of an op on a matrix.
template <class Op>
void add_row_op(benchmark::Suite& suite, const std::string& name, Op op) {
  suite.time(name + " 8192x1024 forward", "ms", 1e3, [op] {
    return [op, x = randn({kRows, kColumns})] {
      const NoGrad no_grad;
      benchmark::keep(op(x));
    };
  });
  suite.time(name + " 8192x1024 forward + backward", "ms", 1e3, [op] {
    Tensor x = randn({kRows, kColumns});
    x.requires_grad_();
    return [op, x, dy = randn({kRows, kColumns})]() mutable {
      op(x).backward(dy);
      x.set_grad({});
    };
  });
}

}  // namespace

int main(int argc, char** argv) {
  manual_seed(1);
  benchmark::Suite suite("Tenon");
  add_chains(suite);
  add_row_op(suite, "softmax", [](const Tensor& x) { return softmax(x, 1); });
  Tensor weight = ones({kColumns}), bias = zeros({kColumns});
  weight.requires_grad_();
  bias.requires_grad_();
  add_row_op(suite, "layer norm",
             [weight, bias](const Tensor& x) { return layer_norm(x, {kColumns}, weight, bias); });
  suite.time("cross-entropy 512x50257 forward + backward", "ms", 1e3, [] {
    Tensor x = randn({kTokens, kVocabulary});
    x.requires_grad_();
    return [x, y = randint(0, kVocabulary, {kTokens})]() mutable {
      cross_entropy(x, y).backward();
      x.set_grad({});
    };
  });
  return suite.run(argc, argv);
}
