// Normalisation of each image by itself: instance_norm, local_response_norm.

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/dispatch/modes.h"
#include "tenon/ops/define.h"

namespace tenon::ops {
namespace {

void check_images_of_norm(const char* call, const Tensor& x) {
  if (x.dim() >= 3) return;
  fail<ShapeError>(call, fmt::format("expected an input of [N, C, ...] with at least one dim after "
                                     "the channels, got {}",
                                     to_string(x.sizes())));
}

void check_channel_tensor(const Tensor& tensor, const char* name, int64_t channels) {
  if (!tensor.defined() || (tensor.dim() == 1 && tensor.size(0) == channels)) return;
  fail<ShapeError>("instance_norm", fmt::format("expected a {} of [{}], one number a channel, got "
                                                "{}",
                                                name, channels, to_string(tensor.sizes())));
}

/// Moves the running statistics towards the means over the batch of each image's own.
void update_statistics(const Tensor& running_mean, const Tensor& running_var, const Tensor& mean,
                       const Tensor& rstd, double momentum, double eps, int64_t count) {
  const NoGrad no_grad;
  const auto over_batch = [&](const Tensor& images) {
    return tenon::mean(reshape(images, {images.size(0), images.size(1)}), {0});
  };
  if (running_mean.defined()) running_mean.lerp_(over_batch(mean), momentum);
  if (!running_var.defined()) return;
  const double unbiased = static_cast<double>(count) / static_cast<double>(count - 1);
  const Tensor variance = clamp(reciprocal(square(rstd)) - eps, 0) * unbiased;
  running_var.lerp_(over_batch(variance), momentum);
}

}  // namespace

void define_instance_norm(OpDef& op) {
  op.doc(
        "Instance normalisation (Ulyanov et al. 2016) of [N, C, ...]: y = (x - mean) / "
        "sqrt(variance + eps) weight + bias, with mean and population variance of each channel of "
        "each image. With `use_input_stats` the running statistics, where given, move in place "
        "towards the batch's mean of these (the unbiased variance) by `momentum`; without, they "
        "are used. All four are [C]. A ShapeError where sizes don't match, a ValueError where "
        "there is one value to normalise by, or no running statistics where they are used.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, const Tensor& running_mean, const Tensor& running_var,
                  const Tensor& weight, const Tensor& bias, bool use_input_stats, double momentum,
                  double eps) -> Tensor {
        check_images_of_norm("instance_norm", x);
        const int64_t channels = x.size(1);
        check_channel_tensor(running_mean, "running_mean", channels);
        check_channel_tensor(running_var, "running_var", channels);
        check_channel_tensor(weight, "weight", channels);
        check_channel_tensor(bias, "bias", channels);
        if (!use_input_stats) {
          return batch_norm(x, running_mean, running_var, weight, bias, false, momentum, eps);
        }
        Shape dims, wide(static_cast<size_t>(x.dim()), 1);
        wide[1] = channels;
        int64_t count = 1;
        for (int64_t i = 2; i < x.dim(); ++i) {
          dims.push_back(i);
          count *= x.size(i);
        }
        if (count < 2) {
          fail<ValueError>("instance_norm",
                           fmt::format("expected more than one value per channel, got sizes {}; "
                                       "use larger images",
                                       to_string(x.sizes())));
        }
        const auto widened = [&](const Tensor& t) { return t.defined() ? reshape(t, wide) : t; };
        auto [y, mean, rstd] = standardize(x, widened(weight), widened(bias), dims, eps);
        update_statistics(running_mean, running_var, mean, rstd, momentum, eps, count);
        return y;
      })
      .samples([] {
        const Tensor weight = sample_tensor({3}, 0.5, 1.5, 2), bias = sample_tensor({3}, -1, 1, 3);
        const auto attributes = [](bool use_input_stats) -> std::vector<Attribute> {
          return {Attribute(use_input_stats), Attribute(0.1), Attribute(1e-5)};
        };
        return std::vector<Sample>{
            {{sample_tensor({2, 3, 4}), Tensor(), Tensor(), weight, bias}, attributes(true)},
            {{sample_tensor({2, 3, 2, 3}), Tensor(), Tensor(), Tensor(), Tensor()},
             attributes(true)},
            {{sample_tensor({2, 3, 4}), sample_tensor({3}, -1, 1, 4), sample_tensor({3}, 0.5, 2, 5),
              weight, bias},
             attributes(false)}};
      });
}

void define_local_response_norm(OpDef& op) {
  op.doc(
        "x / (k + alpha m)^beta, where m is the mean of x^2 over `size` neighbouring channels (dim "
        "1), with zeros beyond the first and last (Krizhevsky et al. 2012). A ValueError where "
        "`size` is below 1.")
      .accepts(kFloatSet)
      .autocast(CastPolicy::kFloat32)
      .compose([](const Tensor& x, int64_t size, double alpha, double beta, double k) -> Tensor {
        check_images_of_norm("local_response_norm", x);
        if (size < 1) {
          fail<ValueError>("local_response_norm",
                           fmt::format("expected a size of at least 1, got {}", size));
        }
        const int64_t n = x.size(0), channels = x.size(1);
        if (x.numel() == 0) return x;
        // Channels as the rows of one image a sample.
        const Tensor squares =
            pad(reshape(square(x), {n, 1, channels, -1}), {0, 0, size / 2, (size - 1) / 2});
        const Tensor means = reshape(avg_pool2d(squares, {size, 1}, {1}), x.sizes());
        return x / pow(means * alpha + k, beta);
      })
      .samples([]() -> std::vector<Sample> {
        const std::vector<Attribute> rest = {Attribute(0.3), Attribute(0.75), Attribute(1.0)};
        const auto sample = [&](Shape sizes, int64_t size) {
          std::vector<Attribute> attributes = {Attribute(size)};
          attributes.insert(attributes.end(), rest.begin(), rest.end());
          return Sample{{sample_tensor(sizes)}, attributes};
        };
        return {sample({2, 5, 3}, 3), sample({1, 4, 2, 2}, 2)};
      });
}

}  // namespace tenon::ops
