// The kernel of Fourier transforms along a dim: a row is one task, in float64.

#include <algorithm>
#include <complex>
#include <memory>
#include <mutex>
#include <vector>

#include "tenon/backends/cpu/fft/fft.h"
#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/support.h"
#include "tenon/base/fork_safe_mutex.h"
#include "tenon/base/parallel.h"
#include "tenon/dispatch/op_def.h"

namespace tenon::cpu {
namespace {

/// The plan of a length. The few used last are kept.
std::shared_ptr<const FourierPlan> plan_of(int64_t n) {
  constexpr size_t kKept = 8;
  static ForkSafeMutex mutex;
  static auto* kept = new std::vector<std::shared_ptr<const FourierPlan>>;
  const std::lock_guard lock(mutex);
  for (size_t i = 0; i < kept->size(); ++i) {
    if ((*kept)[i]->size() != n) continue;
    std::rotate(kept->begin(), kept->begin() + static_cast<std::ptrdiff_t>(i),
                kept->begin() + static_cast<std::ptrdiff_t>(i) + 1);
    return kept->front();
  }
  if (kept->size() == kKept) kept->pop_back();
  kept->insert(kept->begin(), std::make_shared<const FourierPlan>(n));
  return kept->front();
}

/// Rows whose numbers lie side by side are taken together, as a cache line holds some of each.
constexpr int64_t kNeighbours = 8;

template <class T>
void transform(const Tensor& x, const Around& at, bool inverse, const Tensor& output) {
  const auto plan = plan_of(at.size);
  const auto* in = x.data<std::complex<T>>();
  auto* out = output.data<std::complex<T>>();
  const int64_t size = at.size, step = at.inner;
  const int64_t grain = (rows_per_chunk(size * 8) + kNeighbours - 1) / kNeighbours * kNeighbours;
  parallel_for(at.outer * step, step == 1 ? rows_per_chunk(size * 8) : grain,
               [&](int64_t begin, int64_t end) {
                 std::vector<Complex> rows(static_cast<size_t>(size * std::min(step, kNeighbours))),
                     scratch(static_cast<size_t>(plan->scratch_size()));
                 for (int64_t i = begin, next = begin; i < end; i = next) {
                   next = std::min({end, i + kNeighbours, (i / step + 1) * step});
                   const int64_t start = i / step * size * step + i % step;
                   for (int64_t k = 0; k < size; ++k) {
                     const std::complex<T>* values = in + start + k * step;
                     for (int64_t row = 0; row < next - i; ++row) {
                       rows[static_cast<size_t>(row * size + k)] = {
                           static_cast<double>(values[row].real()),
                           static_cast<double>(values[row].imag())};
                     }
                   }
                   for (int64_t row = 0; row < next - i; ++row) {
                     plan->run(rows.data() + row * size, scratch.data(), inverse);
                   }
                   for (int64_t k = 0; k < size; ++k) {
                     std::complex<T>* values = out + start + k * step;
                     for (int64_t row = 0; row < next - i; ++row) {
                       const Complex& value = rows[static_cast<size_t>(row * size + k)];
                       values[row] = {static_cast<T>(value.re), static_cast<T>(value.im)};
                     }
                   }
                 }
               });
}

void fourier_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = row_major(call.input(0));
  if (x.numel() == 0) return;
  const int64_t dim = normalize_dim("fft", call.get<int64_t>(0), x.dim());
  const Around at = around(x.sizes(), dim);
  if (x.dtype() == kComplex64) return transform<float>(x, at, call.get<bool>(1), outputs[0]);
  transform<double>(x, at, call.get<bool>(1), outputs[0]);
}

}  // namespace

void register_fourier() { register_kernel(OpId::kFourierTransform, kCpu.type, fourier_kernel); }

}  // namespace tenon::cpu
