#include "tenon/ops/define.h"
#include "tenon/ops/reduce/dims_internal.h"

namespace tenon::ops {
namespace {

std::vector<Sample> gradient_samples(double low, double high) {
  std::vector<Sample> samples;
  for (const int64_t dim : {0, 1}) {
    samples.push_back(
        {{sample_tensor({3, 5}), sample_tensor({3, 5}, low, high, 2)}, {Attribute(dim)}});
  }
  return samples;
}

}  // namespace

void define_softmax(OpDef& op) {
  op.doc(
        "y = e^(x - m) / sum(e^(x - m)) along `dim`, where m is the row's largest element; rows of "
        "the result sum to 1. Integers become float32.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .rows(rows_of_dim<0>)
      .tile([](TileBuilder& t) {
        const Value x = t.load(0);
        const Value e = t.exp(t.sub(x, t.row_max(x)));
        t.store(0, t.mul(e, t.reciprocal(t.row_sum(e))));
      })
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t dim) -> Grads {
        return {softmax_backward(dy, saved.output(), dim)};
      })
      .samples([] { return dim_samples(); });
}

void define_softmax_backward(OpDef& op) {
  op.doc("The gradient of softmax by its result: y (dy - sum(dy y)).")
      .accepts(kFloatSet)
      .rows(rows_of_dim<0>)
      .tile([](TileBuilder& t) {
        const Value dy = t.load(0), y = t.load(1);
        t.store(0, t.mul(y, t.sub(dy, t.row_sum(t.mul(dy, y)))));
      })
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& v, int64_t dim) -> Grads {
        const Tensor& dy = saved.input(0);
        const Tensor& y = saved.input(1);
        Tensor d_y;
        if (saved.needs(1)) {
          d_y = v * (dy - sum(dy * y, {dim}, true)) - dy * sum(v * y, {dim}, true);
        }
        return {softmax_backward(v, y, dim), d_y};
      })
      .samples([] { return gradient_samples(0.1, 0.9); });
}

void define_log_softmax(OpDef& op) {
  op.doc(
        "The logarithm of softmax, without under- or overflow: y = x - m - ln(sum(e^(x - m))) "
        "along `dim`, where m is the row's largest element. Integers become float32.")
      .accepts(kRealSet | kBoolSet, Integers::kBecomeFloat)
      .autocast(CastPolicy::kFloat32)
      .rows(rows_of_dim<0>)
      .tile([](TileBuilder& t) {
        const Value x = t.load(0);
        const Value shifted = t.sub(x, t.row_max(x));
        t.store(0, t.sub(shifted, t.log(t.row_sum(t.exp(shifted)))));
      })
      .saves_output()
      .vjp([](const Saved& saved, const Tensor& dy, int64_t dim) -> Grads {
        return {log_softmax_backward(dy, saved.output(), dim)};
      })
      .samples([] { return dim_samples(); });
}

void define_log_softmax_backward(OpDef& op) {
  op.doc("The gradient of log_softmax by its result: dy - e^y sum(dy).")
      .accepts(kFloatSet)
      .rows(rows_of_dim<0>)
      .tile([](TileBuilder& t) {
        const Value dy = t.load(0);
        t.store(0, t.sub(dy, t.mul(t.exp(t.load(1)), t.row_sum(dy))));
      })
      .saves_input(0, 1)
      .vjp([](const Saved& saved, const Tensor& v, int64_t dim) -> Grads {
        const Tensor p = exp(saved.input(1));
        const Tensor weighted = v * p;
        Tensor d_y;
        if (saved.needs(1)) d_y = -(weighted * sum(saved.input(0), {dim}, true));
        return {saved.needs(0) ? v - sum(weighted, {dim}, true) : Tensor(), d_y};
      })
      .samples([] { return gradient_samples(-3, -0.1); });
}

}  // namespace tenon::ops
