// Kernels of flash_attention and its gradient, on backends/cpu/attention: heads and blocks of
// queries are tasks.

#include "tenon/backends/cpu/attention/attention.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/support.h"
#include "tenon/base/integers.h"
#include "tenon/base/parallel.h"
#include "tenon/dispatch/op_def.h"

namespace tenon::cpu {
namespace {

// Multiply-adds that are worth a thread's while.
constexpr int64_t kTaskWork = 1 << 19;

/// The matrices of a tensor [..., rows, columns] that broadcasts to `leading` dims.
class Heads {
 public:
  Heads(const Tensor& x, const Shape& leading)
      : data_(static_cast<const char*>(x.impl()->data())),
        itemsize_(static_cast<int64_t>(x.itemsize())),
        leading_(leading) {
    const size_t rank = x.sizes().size();
    row_stride_ = x.strides()[rank - 2];
    col_stride_ = x.strides()[rank - 1];
    strides_ =
        broadcast_strides("scaled_dot_product_attention", std::span(x.sizes().data(), rank - 2),
                          std::span(x.strides().data(), rank - 2), leading);
  }

  template <class T>
  StridedMatrix<T> of(int64_t head) const {
    int64_t offset = 0;
    for (size_t i = leading_.size(); i-- > 0;) {
      offset += head % leading_[i] * strides_[i];
      head /= leading_[i];
    }
    return {reinterpret_cast<const T*>(data_ + offset * itemsize_), row_stride_, col_stride_};
  }

 private:
  const char* data_;
  int64_t itemsize_, row_stride_, col_stride_;
  Shape leading_, strides_;
};

/// A mask that broadcasts to [..., queries, keys]: bool, or of `dtype`, with the elements of each
/// row beside one another.
Tensor mask_in_rows(const Tensor& mask, DType dtype, int64_t keys) {
  if (!mask.defined()) return {};
  Tensor rows = mask.dtype() == kBool ? mask : converted(mask, dtype);
  Shape sizes = rows.sizes();
  while (sizes.size() < 2) sizes.insert(0, 1);
  sizes.back() = keys;
  const Shape strides =
      broadcast_strides("scaled_dot_product_attention", rows.sizes(), rows.strides(), sizes);
  rows = new_view(rows, sizes, strides, rows.storage_offset());
  return keys == 1 || strides.back() == 1 ? rows : row_major(rows);
}

/// What both directions read.
struct Operands {
  Shape leading;
  int64_t count = 1;  // of heads
  AttentionSizes sizes;
  Heads query, key, value;
  Tensor mask_holder;
  std::vector<Heads> mask;  // none or one

  Operands(const Call& call, const Shape& output, const Tensor& q, const Tensor& k, const Tensor& v,
           const Tensor& mask)
      : leading(std::span(output.data(), output.size() - 2)),
        sizes{q.size(-2), k.size(-2),          q.size(-1),
              v.size(-1), call.get<double>(0), call.get<bool>(1)},
        query(q, leading),
        key(k, leading),
        value(v, leading),
        mask_holder(mask_in_rows(mask, q.dtype(), k.size(-2))) {
    for (const int64_t size : leading) count *= size;
    if (mask_holder.defined()) this->mask.emplace_back(mask_holder, leading);
  }

  template <class T>
  AttentionHead<T> head(int64_t i) const {
    AttentionHead<T> result{query.of<T>(i), key.of<T>(i), value.of<T>(i), {}};
    if (mask.empty()) return result;
    const bool is_bool = mask_holder.dtype() == kBool;
    const StridedMatrix<T> added = is_bool ? StridedMatrix<T>{} : mask[0].of<T>(i);
    const StridedMatrix<bool> allowed = is_bool ? mask[0].of<bool>(i) : StridedMatrix<bool>{};
    const bool is_row = mask_holder.size(-2) == 1;
    result.mask = {added.data, allowed.data};
    result.mask_row_stride = is_row ? 0 : is_bool ? allowed.row_stride : added.row_stride;
    return result;
  }

  /// Multiply-adds of one query.
  int64_t work() const { return sizes.keys * (sizes.features + sizes.value_features) + 1; }
};

/// Attributes: scale, is_causal.
void flash_attention_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor& output = outputs[0];
  if (outputs[1].numel() == 0) return;
  const Operands operands(call, output.sizes(), call.input(0), call.input(1), call.input(2),
                          call.input(3));
  const int64_t queries = operands.sizes.queries, size = operands.sizes.value_features;
  const int64_t blocks = ceil_div(queries, kAttentionQueries);
  const int64_t work = operands.work() * std::min(queries, kAttentionQueries);
  visit_wide(output.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    T* const results = output.data<T>();
    T* const logsumexp = outputs[1].data<T>();
    const int64_t grain = std::max<int64_t>(1, kTaskWork / work);
    parallel_for(operands.count * blocks, grain, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; ++task) {
        const int64_t head = task / blocks, first = task % blocks * kAttentionQueries;
        const int64_t row = head * queries + first;
        attention_forward(operands.sizes, operands.head<T>(head), first,
                          std::min(kAttentionQueries, queries - first), results + row * size,
                          logsumexp + row);
      }
    });
  });
}

/// Adds up parts [heads, parts, count] of each head, in their order.
template <class T>
void sum_parts(const T* parts, int64_t heads, int64_t each, int64_t count, T* sums) {
  parallel_for(heads, rows_per_chunk(each * count), [&](int64_t begin, int64_t end) {
    for (int64_t head = begin; head < end; ++head) {
      const T* from = parts + head * each * count;
      T* to = sums + head * count;
      std::copy(from, from + count, to);
      for (int64_t part = 1; part < each; ++part) {
        for (int64_t i = 0; i < count; ++i) to[i] += from[part * count + i];
      }
    }
  });
}

/// Where there are few heads, their keys are tasks, too, each with gradients of the queries of its
/// own.
int64_t parts_of(const Operands& operands) {
  constexpr int64_t kTasks = 8;
  const int64_t blocks = ceil_div(operands.sizes.keys, kAttentionKeys);
  return std::clamp<int64_t>(ceil_div(kTasks, operands.count), 1, std::max<int64_t>(blocks, 1));
}

template <class T>
void run_backward(const Operands& operands, const Heads& dy, const Tensor& logsumexp,
                  const Tensor& mean, std::span<Tensor> outputs) {
  const AttentionSizes& sizes = operands.sizes;
  const int64_t parts = parts_of(operands), query_count = sizes.queries * sizes.features;
  // Whole blocks of keys for each part, so that parts don't change how sums are cut.
  const int64_t blocks = ceil_div(ceil_div(sizes.keys, kAttentionKeys), parts);
  const int64_t part_keys = std::max<int64_t>(blocks, 1) * kAttentionKeys;
  const int64_t work = operands.work() * sizes.queries;
  Tensor slopes = outputs[0];
  if (parts > 1) slopes = new_tensor({operands.count * parts, query_count}, outputs[0].dtype());
  const int64_t grain = std::max<int64_t>(1, kTaskWork / std::max<int64_t>(work, 1));
  parallel_for(operands.count * parts, grain, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t head = task / parts, rows = head * sizes.queries;
      const int64_t first = std::min(task % parts * part_keys, sizes.keys);
      const int64_t count = std::min(part_keys, sizes.keys - first);
      const AttentionGradients<T> gradients{
          dy.of<T>(head),
          logsumexp.data<T>() + rows,
          mean.data<T>() + rows,
          slopes.data<T>() + task * query_count,
          outputs[1].data<T>() + head * sizes.keys * sizes.features,
          outputs[2].data<T>() + head * sizes.keys * sizes.value_features};
      const auto clear = [](T* values, int64_t size) { std::fill(values, values + size, T(0)); };
      clear(gradients.query, query_count);
      clear(gradients.key + first * sizes.features, count * sizes.features);
      clear(gradients.value + first * sizes.value_features, count * sizes.value_features);
      attention_backward(sizes, operands.head<T>(head), gradients, first, count);
    }
  });
  if (parts == 1) return;
  sum_parts(slopes.data<T>(), operands.count, parts, query_count, outputs[0].data<T>());
}

/// Inputs: dy, query, key, value, logsumexp, mean, mask.
void flash_attention_backward_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor &q = call.input(1), &k = call.input(2), &v = call.input(3);
  const Tensor logsumexp = row_major(call.input(4)), mean = row_major(call.input(5));
  const Operands operands(call, outputs[0].sizes(), q, k, v, call.input(6));
  if (operands.count == 0) return;
  const Heads dy(call.input(0), operands.leading);
  visit_wide(q.dtype(), [&](auto tag) {
    run_backward<typename decltype(tag)::Type>(operands, dy, logsumexp, mean, outputs);
  });
}

}  // namespace

void register_attention() {
  register_kernel(OpId::kFlashAttention, kCpu.type, flash_attention_kernel);
  register_kernel(OpId::kFlashAttentionBackward, kCpu.type, flash_attention_backward_kernel);
}

}  // namespace tenon::cpu
