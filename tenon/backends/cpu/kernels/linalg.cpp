// matmul and linear on the products of backends/cpu/linalg. Transposed operands go in as strides.

#include <algorithm>
#include <functional>
#include <vector>

#include "tenon/backends/cpu/kernels/kernels.h"
#include "tenon/backends/cpu/kernels/support.h"
#include "tenon/backends/cpu/linalg/few_rows.h"
#include "tenon/backends/cpu/linalg/matmul.h"
#include "tenon/backends/cpu/linalg/packed_matmul.h"
#include "tenon/backends/cpu/tile/executor.h"
#include "tenon/base/small_array.h"

namespace tenon::cpu {
namespace {

struct Operand {
  const char* data;
  int64_t row_stride, col_stride;
};

/// The last two dims of `x`; a 1-d tensor is a row, or (as a right operand) a column.
Operand matrix_of(const Tensor& x, bool right) {
  const Shape& strides = x.strides();
  const char* data = static_cast<const char*>(x.impl()->data());
  if (x.dim() == 1) return right ? Operand{data, strides[0], 1} : Operand{data, 1, strides[0]};
  return {data, strides[strides.size() - 2], strides[strides.size() - 1]};
}

MatmulArgs args_of(const Tensor& a, const Tensor& b, const Tensor& output) {
  const Operand x = matrix_of(a, false), y = matrix_of(b, true);
  MatmulArgs args;
  args.dtype = output.dtype();
  args.m = a.dim() == 1 ? 1 : a.sizes()[a.sizes().size() - 2];
  args.k = a.sizes().back();
  args.n = b.dim() == 1 ? 1 : b.sizes().back();
  args.a = x.data;
  args.a_row_stride = x.row_stride;
  args.a_col_stride = x.col_stride;
  args.b = y.data;
  args.b_row_stride = y.row_stride;
  args.b_col_stride = y.col_stride;
  args.c = output.impl()->data();
  args.c_row_stride = args.n;
  args.c_batch_stride = args.m * args.n;
  return args;
}

/// Strides of the batch dims over `batch`.
Shape batch_strides(const Tensor& x, const Shape& batch) {
  const size_t rank = x.sizes().size() > 2 ? x.sizes().size() - 2 : 0;
  return broadcast_strides("matmul", std::span(x.sizes().data(), rank),
                           std::span(x.strides().data(), rank), batch);
}

/// Whether the batch dims step through memory as one dim with the stride `result`.
bool as_one_dim(std::span<const int64_t> batch, std::span<const int64_t> strides, int64_t& result) {
  int64_t expected = 0;
  bool first = true;
  result = 0;
  for (size_t i = batch.size(); i-- > 0;) {
    if (batch[i] == 1) continue;
    if (first) {
      result = strides[i];
    } else if (strides[i] != expected) {
      return false;
    }
    first = false;
    expected = strides[i] * batch[i];
  }
  return true;
}

/// A row-major left operand times one shared matrix: the batch dims are more rows.
bool folds_into_rows(const Tensor& a, const Tensor& b) {
  return b.dim() <= 2 && a.dim() > 2 && a.is_contiguous();
}

void take_rows_of_batch(MatmulArgs& args, const Tensor& a, const Tensor& output) {
  args.m = a.numel() == 0 ? output.numel() / args.n : a.numel() / args.k;
  args.a_row_stride = args.k;
}

void multiply_batches(MatmulArgs args, const Tensor& a, const Tensor& b, const Shape& batch) {
  const Shape a_strides = batch_strides(a, batch), b_strides = batch_strides(b, batch);
  args.batch = 1;
  for (const int64_t size : batch) args.batch *= size;
  if (as_one_dim(batch, a_strides, args.a_batch_stride) &&
      as_one_dim(batch, b_strides, args.b_batch_stride)) {
    matmul(args);
    return;
  }
  // Broadcast or permuted batch dims: one call per step of all but the last.
  const auto itemsize = static_cast<int64_t>(size_of(args.dtype));
  const size_t last = batch.size() - 1;
  const int64_t calls = batch[last] == 0 ? 0 : args.batch / batch[last];
  args.batch = batch[last];
  args.a_batch_stride = a_strides[last];
  args.b_batch_stride = b_strides[last];
  for (int64_t i = 0; i < calls; ++i) {
    int64_t rest = i, a_offset = 0, b_offset = 0;
    for (size_t d = last; d-- > 0;) {
      a_offset += rest % batch[d] * a_strides[d];
      b_offset += rest % batch[d] * b_strides[d];
      rest /= batch[d];
    }
    MatmulArgs part = args;
    part.a = static_cast<const char*>(args.a) + a_offset * itemsize;
    part.b = static_cast<const char*>(args.b) + b_offset * itemsize;
    part.c = static_cast<char*>(args.c) + i * args.batch * args.c_batch_stride * itemsize;
    matmul(part);
  }
}

void matmul_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor& output = outputs[0];
  if (output.numel() == 0) return;
  Tensor a_holder, b_holder;
  const Tensor& a = converted(call.input(0), output.dtype(), a_holder);
  const Tensor& b = converted(call.input(1), output.dtype(), b_holder);
  MatmulArgs args = args_of(a, b, output);
  if (a.dim() <= 2 && b.dim() <= 2) {
    matmul(args);
  } else if (folds_into_rows(a, b)) {
    take_rows_of_batch(args, a, output);
    matmul(args);
  } else {
    const size_t matrix_dims = (a.dim() > 1 ? 1 : 0) + (b.dim() > 1 ? 1 : 0);
    const Shape batch(std::span(output.sizes().data(), output.sizes().size() - matrix_dims));
    multiply_batches(args, a, b, batch);
  }
}

MatmulArgs linear_args(const Tensor& x, const Tensor& weight, const Tensor* bias,
                       const Tensor& output) {
  MatmulArgs args;
  args.dtype = output.dtype();
  args.n = weight.sizes()[0];
  args.k = weight.sizes()[1];
  args.m = output.numel() / args.n;
  args.a = x.impl()->data();
  args.a_row_stride = x.dim() == 2 ? x.strides()[0] : args.k;
  args.a_col_stride = x.strides().back();
  args.b = weight.impl()->data();
  args.b_row_stride = weight.strides()[1];
  args.b_col_stride = weight.strides()[0];
  args.c = output.impl()->data();
  args.c_row_stride = args.n;
  args.bias = bias ? bias->impl()->data() : nullptr;
  return args;
}

void linear_kernel(const Call& call, std::span<Tensor> outputs) {
  const Tensor& output = outputs[0];
  if (output.numel() == 0) return;
  Tensor rows, weight_holder, bias;
  const Tensor& given = converted(call.input(0), output.dtype(), rows);
  if (given.dim() > 2) rows = row_major(given);
  const Tensor& x = given.dim() > 2 ? rows : given;
  const Tensor& weight = converted(call.input(1), output.dtype(), weight_holder);
  if (call.has(2)) bias = row_major(converted(call.input(2), output.dtype()));
  matmul(linear_args(x, weight, bias.defined() ? &bias : nullptr, output));
}

/// One product whose operands are read as they are; of two matrices, or of a batch of rows.
bool is_one_product(const KernelRun& run) {
  const Tensor& output = run.outputs[0];
  const bool is_linear = run.kernel == linear_kernel;
  if ((!is_linear && run.kernel != matmul_kernel) || output.numel() == 0) return false;
  for (const Tensor* input : run.call.inputs) {
    if (input->defined() && input->dtype() != output.dtype()) return false;
  }
  const Tensor &a = run.call.input(0), &b = run.call.input(1);
  if ((a.dim() > 2 || b.dim() > 2) && !folds_into_rows(a, b)) return false;
  return !is_linear || !run.call.has(2) || run.call.input(2).is_contiguous();
}

MatmulArgs args_of(const KernelRun& run) {
  const Call& call = run.call;
  if (run.kernel == matmul_kernel) {
    MatmulArgs args = args_of(call.input(0), call.input(1), run.outputs[0]);
    if (call.input(0).dim() > 2) take_rows_of_batch(args, call.input(0), run.outputs[0]);
    return args;
  }
  return linear_args(call.input(0), call.input(1), call.has(2) ? &call.input(2) : nullptr,
                     run.outputs[0]);
}

/// The launch over rows and columns, where all dims but the last step through memory as one. False
/// where they don't in some operand. `operands`: memory for the result's.
bool as_matrix(const tile::Launch& launch, std::vector<tile::Operand>& operands,
               tile::Launch& matrix) {
  if (launch.sizes.size() < 2) return false;
  const size_t last = launch.sizes.size() - 1;
  const std::span<const int64_t> leading(launch.sizes.data(), last);
  for (const std::span<const tile::Operand> list : {launch.inputs, launch.outputs}) {
    for (const tile::Operand& operand : list) {
      int64_t row_stride;
      if (!as_one_dim(leading, std::span(operand.strides.data(), last), row_stride)) return false;
      operands.push_back({operand.data, operand.dtype, {row_stride, operand.strides[last]}});
    }
  }
  int64_t rows = 1;
  for (const int64_t size : leading) rows *= size;
  matrix = launch;
  matrix.kept = nullptr;  // it is for all of it, on one thread
  matrix.sizes = {rows, launch.sizes[last]};
  matrix.inputs = std::span(operands).first(launch.inputs.size());
  matrix.outputs = std::span(operands).subspan(launch.inputs.size());
  return true;
}

/// `result`: where the product's result is, or would be.
void run_block(const tile::Launch& matrix, const void* result, const MatmulBlock& block) {
  std::vector<tile::Operand> operands;
  for (const std::span<const tile::Operand> list : {matrix.inputs, matrix.outputs}) {
    for (tile::Operand operand : list) {
      if (list.data() == matrix.inputs.data() && operand.data == result) {
        operand.data = const_cast<void*>(block.data);
        operand.strides[0] = block.row_stride;
      } else {
        const int64_t elements = block.row * operand.strides[0] + block.column * operand.strides[1];
        operand.data = static_cast<char*>(operand.data) +
                       elements * static_cast<int64_t>(size_of(operand.dtype));
      }
      operands.push_back(operand);
    }
  }
  tile::Launch launch = matrix;
  launch.sizes = {block.rows, block.columns};
  launch.inputs = std::span(operands).first(matrix.inputs.size());
  launch.outputs = std::span(operands).subspan(matrix.inputs.size());
  run_tile(launch);
}

}  // namespace

bool products_gain_by_company(const KernelRun& run) {
  return is_one_product(run) && gains_by_company(args_of(run));
}

size_t product_packed_bytes(const KernelRun& run) {
  return is_one_product(run) ? packed_bytes(args_of(run)) : 0;
}

void pack_product(const KernelRun& run, void* packed) { pack(args_of(run), packed); }

void run_packed_product(const KernelRun& run, const void* packed) {
  matmul_packed(args_of(run), packed);
}

bool products_make_blocks(const KernelRun& run, const tile::Launch& launch) {
  if (!is_one_product(run) || !runs_in_blocks(args_of(run))) return false;
  const Shape& sizes = run.outputs[0].sizes();
  std::vector<tile::Operand> operands;
  tile::Launch matrix;
  return std::equal(sizes.begin(), sizes.end(), launch.sizes.begin(), launch.sizes.end()) &&
         as_matrix(launch, operands, matrix);
}

void run_product_by_blocks(const KernelRun& run, const tile::Launch& launch, bool is_alone) {
  std::vector<tile::Operand> operands;
  tile::Launch matrix;
  as_matrix(launch, operands, matrix);
  MatmulArgs args = args_of(run);
  const std::function<void(const MatmulBlock&)> done = [&](const MatmulBlock& block) {
    run_block(matrix, args.c, block);
  };
  args.done = &done;
  args.done_alone = is_alone;
  matmul(args);
}

void run_products(std::span<const KernelRun> runs) {
  SmallArray<MatmulArgs, 8> products;
  products.allocate(runs.size());
  for (size_t i = 0; i < runs.size(); ++i) products[i] = args_of(runs[i]);
  matmul_together({products.data(), runs.size()});
}

void register_linalg() {
  register_kernel(OpId::kMatmul, kCpu.type, matmul_kernel);
  register_kernel(OpId::kLinear, kCpu.type, linear_kernel);
}

}  // namespace tenon::cpu
