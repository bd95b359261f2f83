#include "tenon/backends/cpu/dnnl/matmul.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "tenon/backends/cpu/dnnl/runtime.h"
#include "tenon/backends/cpu/dnnl/version.h"

namespace tenon::cpu {
namespace {

struct MatmulPlan {
  std::unique_ptr<DnnlKernel> kernel;  // null where oneDNN has only its reference
  // Of a packed right operand:
  std::unique_ptr<DnnlKernel> pack;  // null where its layout is the kernel's already
  size_t packed_bytes = 0;
};

bool is_dense_matrix(int64_t rows, int64_t cols, int64_t row_stride, int64_t col_stride) {
  return (col_stride == 1 && row_stride >= std::max<int64_t>(cols, 1)) ||
         (row_stride == 1 && col_stride >= std::max<int64_t>(rows, 1));
}

/// With 256-bit vectors oneDNN reads these operands in place, and strides of half pages make their
/// rows fight for the same cache lines: 35 GF/s where packing gets 82 (Zen 3, 1024 x 1024 x 1024).
bool has_clashing_rows(const MatmulArgs& args) {
  constexpr int64_t kHalfPage = 512;
  const bool a_turned = args.a_col_stride != 1, b_turned = args.b_col_stride != 1;
  return (a_turned && args.a_col_stride % kHalfPage == 0) ||
         (!b_turned && args.b_row_stride % kHalfPage == 0);
}

std::shared_ptr<const MatmulPlan> make_plan(const MatmulArgs& args, bool packed) {
  const OneDnnThread one_thread;
  const auto type = dnnl_type(args.dtype);
  const dnnl::memory::desc a({args.m, args.k}, type, {args.a_row_stride, args.a_col_stride});
  const dnnl::memory::desc b({args.k, args.n}, type, {args.b_row_stride, args.b_col_stride});
  const dnnl::memory::desc c({args.m, args.n}, type, {args.c_row_stride, 1});
  dnnl::memory::desc bias;
  if (args.bias) bias = dnnl::memory::desc({1, args.n}, type, {args.n, 1});
  dnnl::primitive_attr attributes = dnnl_attributes();
  if (args.accumulate) {
    dnnl::post_ops sum;
    sum.append_sum(1.0f);
    attributes.set_post_ops(sum);
  }
  auto plan = std::make_shared<MatmulPlan>();
  try {
    const dnnl::memory::desc any({args.k, args.n}, type, dnnl::memory::format_tag::any);
    const auto desc = dnnl_version::matmul(dnnl_engine(), a, packed ? any : b, bias, c, attributes);
    if (is_reference(desc.impl_info_str())) return plan;
    std::vector<DnnlKernel::Argument> arguments = {
        {DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, desc.weights_desc()}, {DNNL_ARG_DST, c}};
    if (packed) {
      plan->pack = DnnlKernel::reorder(b, desc.weights_desc());
      plan->packed_bytes = desc.weights_desc().get_size();
    }
    if (args.bias) arguments.push_back({DNNL_ARG_BIAS, bias});
    plan->kernel = std::make_unique<DnnlKernel>(dnnl::matmul(desc), std::move(arguments),
                                                desc.scratchpad_desc());
  } catch (const dnnl::error& error) {
    if (error.status != dnnl_unimplemented) throw;
  }
  return plan;
}

/// Called for each new plan, now and then gives memory back to the system that malloc holds between
/// plans. oneDNN packs operands into blocks of a mebibyte that it has for one run; where a plan is
/// made next, it lies in such a block, and the next run's block fits no more (glibc before 2.38
/// wants more room for an aligned block than the block itself has): a mebibyte lost for each plan.
void trim_between_plans() {
#ifdef __GLIBC__
  constexpr uint32_t kFew = 8;
  static constinit std::atomic<uint32_t> made{0};
  const uint32_t count = made.fetch_add(1, std::memory_order_relaxed) + 1;
  // Four times for each doubling: however many plans there are, that costs little.
  if (count >= kFew && count % (std::bit_floor(count) / 4) == 0) malloc_trim(0);
#endif
}

std::shared_ptr<const MatmulPlan> find_plan(const MatmulArgs& args, bool packed = false) {
  static DnnlPlanCache<MatmulPlan> cache(1024);
  const DnnlKey key = {static_cast<int64_t>(args.dtype),
                       args.m,
                       args.n,
                       args.k,
                       args.a_row_stride,
                       args.a_col_stride,
                       args.b_row_stride,
                       args.b_col_stride,
                       args.c_row_stride,
                       args.bias != nullptr,
                       args.accumulate,
                       packed};
  return with_tenon_errors("matmul", [&] {
    return cache.find(key, [&] {
      trim_between_plans();
      return make_plan(args, packed);
    });
  });
}

/// Asked once per dtype: sizes at which any fast implementation would be offered.
bool has_fast_matmul(DType dtype) {
  if (dtype == kFloat32) return true;
  const auto ask = [](DType type) {
    MatmulArgs args;
    args.dtype = type;
    args.m = args.n = args.k = 64;
    args.a_row_stride = args.b_row_stride = args.c_row_stride = 64;
    return find_plan(args)->kernel != nullptr;
  };
  static const bool bfloat16 = ask(kBFloat16), float16 = ask(kFloat16);
  return dtype == kBFloat16 ? bfloat16 : dtype == kFloat16 && float16;
}

}  // namespace

bool onednn_can_multiply(const MatmulArgs& args) {
  return is_dense_matrix(args.m, args.k, args.a_row_stride, args.a_col_stride) &&
         is_dense_matrix(args.k, args.n, args.b_row_stride, args.b_col_stride) &&
         args.c_row_stride >= args.n && args.k > 0 && has_fast_matmul(args.dtype) &&
         (has_wide_vectors() || !has_clashing_rows(args));
}

bool onednn_matmul(const MatmulArgs& args) {
  const auto plan = find_plan(args);
  if (!plan->kernel) return false;
  void* const pointers[] = {const_cast<void*>(args.a), const_cast<void*>(args.b), args.c,
                            const_cast<void*>(args.bias)};
  plan->kernel->run("matmul", std::span(pointers, args.bias ? 4 : 3));
  return true;
}

size_t onednn_packed_bytes(const MatmulArgs& args) {
  // With AVX-512 alone, halves in this layout have an implementation of their own ("brg", the
  // others "gemm"): no faster, and one element in a thousand rounds the other way.
  if (args.dtype != kFloat32 && !has_matrix_unit()) return 0;
  const auto plan = find_plan(args, true);
  return plan->kernel ? plan->packed_bytes : 0;
}

void onednn_pack(const MatmulArgs& args, void* packed) {
  const auto plan = find_plan(args, true);
  if (!plan->pack) {
    std::memcpy(packed, args.b, plan->packed_bytes);
    return;
  }
  void* const pointers[] = {const_cast<void*>(args.b), packed};
  plan->pack->run("matmul", pointers);
}

void onednn_matmul_packed(const MatmulArgs& args, const void* packed) {
  const auto plan = find_plan(args, true);
  void* const pointers[] = {const_cast<void*>(args.a), const_cast<void*>(packed), args.c,
                            const_cast<void*>(args.bias)};
  plan->kernel->run("matmul", std::span(pointers, args.bias ? 4 : 3));
}

}  // namespace tenon::cpu
