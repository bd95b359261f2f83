// Kernels of cdist's parts, on backends/cpu/linalg/distances.h.

#include "tenon/backends/cpu/linalg/distances.h"

#include <algorithm>

#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/support.h"
#include "tenon/base/parallel.h"
#include "tenon/dispatch/op_def.h"

namespace tenon::cpu {
namespace {

// Rows of a task: enough to use what is made of the other operand many times.
constexpr int64_t kTaskRows = 128;

/// Calls body(pairs, batch, begin, end) for parts of the rows of the first operand, on the pool.
template <class T, class Body>
void for_each_part(const Tensor& a, const Tensor& b, int64_t task_rows, Body body) {
  const int64_t m = a.size(-2), n = b.size(-2), k = a.size(-1);
  int64_t batch = 1;
  for (int64_t i = 0; i + 2 < a.dim(); ++i) batch *= a.size(i);
  const int64_t parts = (m + task_rows - 1) / task_rows;
  const int64_t work = std::max<int64_t>(1, std::min(task_rows, m) * n * k);
  const int64_t grain = std::max<int64_t>(1, 8 * kGrain / work);
  parallel_for(batch * parts, grain, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t element = task / parts, first = task % parts * task_rows;
      const RowPairs<T> pairs{m, n, k, a.data<T>() + element * m * k,
                              b.data<T>() + element * n * k};
      body(pairs, element, first, std::min(first + task_rows, m));
    }
  });
}

void euclidean_distances_kernel(const Call& call, std::span<Tensor> outputs) {
  if (outputs[0].numel() == 0) return;
  const Tensor a = row_major(call.input(0)), b = row_major(call.input(1));
  visit_wide(a.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    T* const y = outputs[0].data<T>();
    for_each_part<T>(a, b, kTaskRows,
                     [&](const RowPairs<T>& pairs, int64_t batch, int64_t begin, int64_t end) {
                       euclidean_distances(pairs, begin, end, y + batch * pairs.m * pairs.n);
                     });
  });
}

void weighted_differences_kernel(const Call& call, std::span<Tensor> outputs) {
  if (outputs[0].numel() == 0) return;
  const Tensor weights = row_major(call.input(0));
  const Tensor a = row_major(call.input(1)), b = row_major(call.input(2));
  visit_wide(a.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    T* const y = outputs[0].data<T>();
    constexpr int64_t kFewRows = 16;
    for_each_part<T>(a, b, kFewRows,
                     [&](const RowPairs<T>& pairs, int64_t batch, int64_t begin, int64_t end) {
                       weighted_differences(pairs, weights.data<T>() + batch * pairs.m * pairs.n,
                                            begin, end, y + batch * pairs.m * pairs.k);
                     });
  });
}

}  // namespace

void register_distances() {
  register_kernel(OpId::kEuclideanDistances, kCpu.type, euclidean_distances_kernel);
  register_kernel(OpId::kWeightedDifferences, kCpu.type, weighted_differences_kernel);
}

}  // namespace tenon::cpu
