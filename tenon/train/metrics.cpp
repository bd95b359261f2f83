#include "tenon/train/metrics.h"

#include <fmt/format.h>

#include "tenon/dispatch/modes.h"
#include "tenon/ops/functions.h"

namespace tenon::train {

void Metrics::add(double loss, const Tensor& output, const Tensor& target) {
  const NoGrad no_grad;
  const int64_t batch = target.dim() > 0 ? target.size(0) : 1;
  loss_sum_ += loss * static_cast<double>(batch);
  samples_ += batch;
  counts_ = output.dim() == 2 && target.dim() == 1 && is_integer(target.dtype()) &&
            output.size(0) == target.size(0);
  if (counts_) correct_ += sum(eq(argmax(output, 1), target)).item<int64_t>();
}

double Metrics::loss() const {
  return samples_ > 0 ? loss_sum_ / static_cast<double>(samples_) : 0;
}

double Metrics::accuracy() const {
  return samples_ > 0 ? static_cast<double>(correct_) / static_cast<double>(samples_) : 0;
}

void Metrics::save(Checkpoint& checkpoint, std::string_view name) const {
  checkpoint.set_double(fmt::format("{}.loss_sum", name), loss_sum_);
  checkpoint.set_int(fmt::format("{}.samples", name), samples_);
  checkpoint.set_int(fmt::format("{}.correct", name), correct_);
  checkpoint.set_bool(fmt::format("{}.counts", name), counts_);
}

void Metrics::load(const Checkpoint& checkpoint, std::string_view name) {
  loss_sum_ = checkpoint.get_double(fmt::format("{}.loss_sum", name));
  samples_ = checkpoint.get_int(fmt::format("{}.samples", name));
  correct_ = checkpoint.get_int(fmt::format("{}.correct", name));
  counts_ = checkpoint.get_bool(fmt::format("{}.counts", name));
}

}  // namespace tenon::train
