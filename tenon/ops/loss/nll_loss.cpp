#include "tenon/ops/define.h"
#include "tenon/ops/loss/labels_internal.h"
#include "tenon/ops/loss/reduction_internal.h"

namespace tenon::ops {

void define_nll_loss(OpDef& op) {
  op.doc(
        "Negative log-likelihood: -weight_t input_t at the label t of each row, 0 where t is "
        "`ignore_index`. `input` holds log-probabilities of [C], [N, C] or [N, C, d1, ...], "
        "`target` labels without the class dim. The mean divides by the sum of the weights that "
        "count. reduction is \"mean\", \"sum\" or \"none\". An IndexError names a label outside "
        "[0, C).")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& input, const Tensor& target, const Tensor& weight,
                  int64_t ignore_index, std::string_view reduction) -> Tensor {
        const Reduction how = reduction_of("nll_loss", reduction);
        check_labels("nll_loss", input, target, ignore_index);
        auto [loss, row_weight] =
            nll_rows(input, target, class_weights("nll_loss", input, weight), ignore_index);
        return how == kMean ? std::get<0>(weighted_mean(loss, row_weight)) : reduce_loss(loss, how);
      })
      .samples([] {
        std::vector<Sample> samples;
        for (const char* reduction : {"none", "mean", "sum"}) {
          const std::vector<Attribute> attributes = {Attribute(int64_t{1}), Attribute(reduction)};
          samples.push_back(
              {{sample_tensor({6, 5}, -3, -0.1), sample_integers({6}, 0, 5), Tensor()},
               attributes});
          samples.push_back({{sample_tensor({2, 5, 3}, -3, -0.1), sample_integers({2, 3}, 0, 5),
                              sample_tensor({5}, 0.5, 2, 4)},
                             attributes});
        }
        return samples;
      });
}

void define_nll_rows(OpDef& op) {
  op.doc("nll_loss row by row, with the weights of the labels (0 where ignored).")
      .accepts(kFloatSet)
      .row_input(1)
      .shape([](const Call& call) -> Specs {
        const Spec spec{call.input(0).dtype(), call.input(1).sizes()};
        return {spec, spec};
      })
      .rows([](const Call&, const Shape& space) -> uint64_t { return space.size() > 1 ? 2 : 1; })
      .variant([](const Call& call) { return call.has(2) ? 1 : 0; })
      .tile([](TileBuilder& t, int variant) {
        const Value label = t.load_index(1), zero = t.constant(0);
        const Value kept = t.ne(t.index_value(label), t.scalar(0));
        const Value own = variant == 1 ? t.pick(2, label) : t.constant(1);
        t.store(0, t.select(kept, t.neg(t.mul(own, t.pick(0, label))), zero));
        t.store(1, t.select(kept, own, zero));
      })
      .saves_input(0, 1, 2)
      .saves_output(1)
      .vjp([](const Saved& saved, const Tensor& dy, int64_t ignore_index) -> Grads {
        const Tensor &input = saved.input(0), &target = saved.input(1);
        const Shape& sizes = input.sizes();
        Tensor d_input, d_weight;
        if (dy.defined() && saved.needs(0)) {
          // The mean of no rows has an infinite slope, which isn't theirs that were left out.
          const Tensor slope = where(target == ignore_index, 0, -(dy * saved.output(1)));
          d_input =
              keep_at(along_classes(slope, sizes), along_classes(target, sizes), class_dim(input));
        }
        if (saved.input(2).defined() && saved.needs(2)) {
          const Tensor& d_row_weight = saved.grads[1];
          Tensor slope;
          if (dy.defined()) slope = -(along_classes(dy, sizes) * input);
          if (d_row_weight.defined()) {
            const Tensor wide = along_classes(d_row_weight, sizes);
            slope = slope.defined() ? slope + wide : wide;
          }
          d_weight = at_labels(slope, target, ignore_index);
        }
        return {d_input, Tensor(), d_weight};
      })
      .samples([] {
        return std::vector<Sample>{{{sample_tensor({6, 5}, -3, -0.1), sample_integers({6}, 0, 5),
                                     sample_tensor({5}, 0.5, 2, 4)},
                                    {Attribute(int64_t{1})}}};
      });
}

}  // namespace tenon::ops
