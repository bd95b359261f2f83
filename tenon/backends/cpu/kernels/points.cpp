// Kernels of weighted_gather, weighted_scatter and gather_products (ops/image/points.cpp). Terms
// are added in their order, so that results don't depend on the number of threads.

#include <fmt/format.h>

#include <algorithm>

#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/support.h"
#include "tenon/base/error.h"
#include "tenon/base/parallel.h"
#include "tenon/dispatch/op_def.h"

namespace tenon::cpu {
namespace {

/// index [n, points, terms] of images with `size` places.
struct Points {
  Tensor holder;
  const int64_t* index;
  int64_t n, points, terms, size;

  Points(const Call& call, const Tensor& tensor, int64_t size)
      : holder(row_major(tensor)),
        index(holder.data<int64_t>()),
        n(tensor.size(0)),
        points(tensor.size(1)),
        terms(tensor.size(2)),
        size(size) {
    const int64_t* end = index + tensor.numel();
    const int64_t* largest = std::max_element(index, end);
    if (largest == end || *largest < size) return;
    fail<IndexError>(call.op.name, fmt::format("index {} is out of range for images of {} places",
                                               *largest, size));
  }
  const int64_t* of(int64_t image) const { return index + image * points * terms; }
};

void weighted_gather_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor x = row_major(call.input(0)), weight = row_major(call.input(1));
  if (outputs[0].numel() == 0) return;
  const Points points(call, call.input(2), x.size(2));
  const int64_t channels = x.size(1), count = points.points, terms = points.terms;
  visit_floating(x.dtype(), [&](auto tag, auto sum_tag) {
    using T = typename decltype(tag)::Type;
    using Sum = typename decltype(sum_tag)::Type;
    const T* from = x.data<T>();
    const T* weights = weight.data<T>();
    T* to = outputs[0].data<T>();
    parallel_for(points.n * channels * count, rows_per_chunk(terms), [&](int64_t i, int64_t end) {
      for (; i < end; ++i) {
        const int64_t plane = i / count, image = plane / channels, point = i % count;
        const int64_t* index = points.of(image) + point * terms;
        const T* w = weights + (image * count + point) * terms;
        Sum sum = 0;
        for (int64_t k = 0; k < terms; ++k) {
          if (index[k] < 0) continue;
          sum += static_cast<Sum>(w[k]) * static_cast<Sum>(from[plane * points.size + index[k]]);
        }
        to[i] = static_cast<T>(sum);
      }
    });
  });
}

void weighted_scatter_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor y = row_major(call.input(0)), weight = row_major(call.input(1));
  if (outputs[0].numel() == 0) return;
  const Points points(call, call.input(2), outputs[0].size(2));
  const int64_t channels = y.size(1), count = points.points, terms = points.terms;
  visit_floating(y.dtype(), [&](auto tag, auto sum_tag) {
    using T = typename decltype(tag)::Type;
    using Sum = typename decltype(sum_tag)::Type;
    const T* from = y.data<T>();
    const T* weights = weight.data<T>();
    T* to = outputs[0].data<T>();
    const int64_t row = count * terms + points.size;
    parallel_for(points.n * channels, rows_per_chunk(row), [&](int64_t plane, int64_t end) {
      std::vector<Sum> sums(static_cast<size_t>(points.size));
      for (; plane < end; ++plane) {
        std::fill(sums.begin(), sums.end(), Sum(0));
        const int64_t image = plane / channels;
        const int64_t* index = points.of(image);
        const T* w = weights + image * count * terms;
        for (int64_t term = 0; term < count * terms; ++term) {
          if (index[term] < 0) continue;
          sums[static_cast<size_t>(index[term])] +=
              static_cast<Sum>(w[term]) * static_cast<Sum>(from[plane * count + term / terms]);
        }
        for (int64_t s = 0; s < points.size; ++s) {
          to[plane * points.size + s] = static_cast<T>(sums[static_cast<size_t>(s)]);
        }
      }
    });
  });
}

void gather_products_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor y = row_major(call.input(0)), x = row_major(call.input(1));
  if (outputs[0].numel() == 0) return;
  const Points points(call, call.input(2), x.size(2));
  const int64_t channels = y.size(1), count = points.points, terms = points.terms;
  visit_floating(y.dtype(), [&](auto tag, auto sum_tag) {
    using T = typename decltype(tag)::Type;
    using Sum = typename decltype(sum_tag)::Type;
    const T* slopes = y.data<T>();
    const T* from = x.data<T>();
    T* to = outputs[0].data<T>();
    parallel_for(points.n * count, rows_per_chunk(terms * channels), [&](int64_t i, int64_t end) {
      for (; i < end; ++i) {
        const int64_t image = i / count, point = i % count;
        const T* dy = slopes + image * channels * count + point;
        const T* planes = from + image * channels * points.size;
        for (int64_t k = 0; k < terms; ++k) {
          const int64_t at = points.index[i * terms + k];
          Sum sum = 0;
          for (int64_t c = 0; c < channels && at >= 0; ++c) {
            sum += static_cast<Sum>(dy[c * count]) * static_cast<Sum>(planes[c * points.size + at]);
          }
          to[i * terms + k] = static_cast<T>(sum);
        }
      }
    });
  });
}

}  // namespace

void register_points() {
  register_kernel(OpId::kWeightedGather, kCpu.type, weighted_gather_kernel);
  register_kernel(OpId::kWeightedScatter, kCpu.type, weighted_scatter_kernel);
  register_kernel(OpId::kGatherProducts, kCpu.type, gather_products_kernel);
}

}  // namespace tenon::cpu
