#include "tenon/backends/cpu/dnnl/runtime.h"

#include <fmt/format.h>
#include <omp.h>
#include <pthread.h>
#include <signal.h>

#include <cstring>

#include "tenon/backends/cpu/linalg/scratch.h"
#include "tenon/base/error.h"

namespace tenon::cpu {
namespace {

dnnl::stream& thread_stream() {
  static thread_local dnnl::stream stream(dnnl_engine());
  return stream;
}

void check(dnnl_status_t status, const char* what) {
  if (status != dnnl_success) throw dnnl::error(status, what);
}

/// While it lives, this thread handles no signals: oneDNN's float products (2.6, "gemm:jit") use
/// the stack pointer for other things, so that a handler would write into somebody's memory. Faults
/// of the thread's own come through all the same.
class SignalsWait {
 public:
  SignalsWait() {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP}) {
      sigdelset(&all, fault);
    }
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsWait() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsWait(const SignalsWait&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

OneDnnThread::OneDnnThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
OneDnnThread::~OneDnnThread() { omp_set_num_threads(before_); }

const dnnl::engine& dnnl_engine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::primitive_attr dnnl_attributes() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

dnnl::memory::data_type dnnl_type(DType dtype) {
  switch (dtype) {
    case DType::kFloat16:
      return dnnl::memory::data_type::f16;
    case DType::kBFloat16:
      return dnnl::memory::data_type::bf16;
    default:
      return dnnl::memory::data_type::f32;
  }
}

namespace {

/// The values of `cpu_isa` are sets of features.
bool has_features(dnnl::cpu_isa wanted) {
  const auto features = static_cast<unsigned>(wanted);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & features) == features;
}

}  // namespace

bool has_wide_vectors() {
  static const bool wide = has_features(dnnl::cpu_isa::avx512_core);
  return wide;
}

bool has_matrix_unit() {
  static const bool unit = has_features(dnnl::cpu_isa::avx512_core_amx);
  return unit;
}

bool is_reference(const char* implementation) {
  return std::strstr(implementation, "ref") != nullptr;
}

void rethrow_dnnl_error(const char* call, const dnnl::error& error) {
  if (error.status == dnnl_out_of_memory) {
    fail<OutOfMemoryError>(call, fmt::format("expected working memory for oneDNN, got none ({}); "
                                             "use smaller tensors or a smaller batch",
                                             error.what()));
  }
  fail<Error>(call, fmt::format("oneDNN failed with status {} ({})", static_cast<int>(error.status),
                                error.what()));
}

/// Memory objects of one run at a time.
struct DnnlKernel::Binding {
  std::vector<dnnl::memory> memories;
  std::vector<dnnl_exec_arg_t> arguments;
};

DnnlKernel::DnnlKernel(dnnl::primitive primitive, std::vector<Argument> arguments,
                       const dnnl::memory::desc& scratchpad)
    : primitive_(std::move(primitive)),
      arguments_(std::move(arguments)),
      scratchpad_size_(scratchpad.get_size()) {
  if (scratchpad_size_ != 0) arguments_.push_back({DNNL_ARG_SCRATCHPAD, scratchpad});
}

DnnlKernel::~DnnlKernel() = default;

std::unique_ptr<DnnlKernel::Binding> DnnlKernel::take() const {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto binding = std::move(idle_.back());
      idle_.pop_back();
      return binding;
    }
  }
  auto binding = std::make_unique<Binding>();
  for (const Argument& argument : arguments_) {
    binding->memories.emplace_back(argument.desc, dnnl_engine(),
                                   static_cast<void*>(DNNL_MEMORY_NONE));
    binding->arguments.push_back({argument.index, binding->memories.back().get()});
  }
  return binding;
}

void DnnlKernel::run(const char* call, std::span<void* const> pointers) const {
  static Scratch scratchpad;
  with_tenon_errors(call, [&] {
    const OneDnnThread one_thread;
    std::unique_ptr<Binding> binding = take();
    for (size_t i = 0; i < pointers.size(); ++i) {
      check(dnnl_memory_set_data_handle(binding->arguments[i].memory, pointers[i]),
            "could not set the memory of an argument");
    }
    if (scratchpad_size_ != 0) {
      check(dnnl_memory_set_data_handle(binding->arguments.back().memory,
                                        scratchpad.get(scratchpad_size_, call)),
            "could not set the scratch memory");
    }
    const SignalsWait signals_wait;
    check(dnnl_primitive_execute(primitive_.get(), thread_stream().get(),
                                 static_cast<int>(binding->arguments.size()),
                                 binding->arguments.data()),
          "could not run a primitive");
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(binding));
  });
}

std::unique_ptr<DnnlKernel> DnnlKernel::reorder(const dnnl::memory::desc& from,
                                                const dnnl::memory::desc& to) {
  if (from == to) return nullptr;
  const dnnl::reorder::primitive_desc desc(dnnl_engine(), from, dnnl_engine(), to,
                                           dnnl_attributes());
  return std::make_unique<DnnlKernel>(
      dnnl::reorder(desc), std::vector<Argument>{{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}},
      desc.scratchpad_desc());
}

size_t DnnlKeyHash::operator()(const DnnlKey& key) const {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const int64_t part : key) {
    hash = (hash ^ static_cast<uint64_t>(part)) * 0x9e3779b97f4a7c15u;
    hash ^= hash >> 29;
  }
  return hash;
}

}  // namespace tenon::cpu
