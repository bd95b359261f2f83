#include "tenon/backends/cpu/tile/isa.h"

#include "tenon/backends/cpu/tile/targets.h"

#include <fmt/format.h>
#include <hwy/highway.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "tenon/backends/cpu/tile/kernels.h"
#include "tenon/base/error.h"
#include "tenon/base/fork_safe_mutex.h"

namespace tenon::cpu {
namespace {

std::string lower(std::string_view name) {
  std::string text(name);
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return text;
}

std::vector<int64_t> targets() {
  std::vector<int64_t> found;
  const int64_t here = hwy::SupportedTargets() & HWY_TARGETS;
  for (int64_t bit = 1; bit <= HWY_SCALAR && bit > 0; bit <<= 1) {
    if (here & bit) found.push_back(bit);
  }
  if (found.empty() || found.back() != HWY_STATIC_TARGET) found.push_back(HWY_STATIC_TARGET);
  return found;
}

std::unique_ptr<Kernels> make_kernels(int64_t target) {
  hwy::ChosenTarget chosen;
  chosen.Update(target);
  const size_t index = chosen.GetIndex();
  auto kernels = std::make_unique<Kernels>();
  kernels->name = lower(hwy::TargetName(target));
  fill_arithmetic(index, *kernels);
  fill_math(index, *kernels);
  fill_integer(index, *kernels);
  fill_convert(index, *kernels);
  fill_reduce(index, *kernels);
  fill_random(index, *kernels);
  return kernels;
}

/// Tables, made when first asked for and never freed: direct kernels point into the code that they
/// name, and runs in flight into the table itself.
struct Registry {
  ForkSafeMutex mutex;
  std::vector<std::unique_ptr<Kernels>> made;
  std::atomic<const Kernels*> current{nullptr};
};

Registry& registry() {
  static Registry* instance = new Registry;
  return *instance;
}

const Kernels& choose(std::string_view name) {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  const std::vector<int64_t> all = targets();
  int64_t target = name.empty() ? all.front() : 0;
  for (int64_t t : all) {
    if (lower(hwy::TargetName(t)) == lower(name)) target = t;
  }
  if (target == 0) {
    std::string known;
    for (int64_t t : all) known += (known.empty() ? "" : ", ") + lower(hwy::TargetName(t));
    fail<ValueError>("set_instruction_set",
                     fmt::format("'{}' is not available here; expected one of {}", name, known));
  }
  const Kernels* found = nullptr;
  for (const auto& kernels : r.made) {
    if (kernels->name == lower(hwy::TargetName(target))) found = kernels.get();
  }
  if (found == nullptr) found = r.made.emplace_back(make_kernels(target)).get();
  r.current.store(found, std::memory_order_release);
  return *found;
}

}  // namespace

const Kernels& kernels() {
  const Kernels* current = registry().current.load(std::memory_order_acquire);
  if (current != nullptr) return *current;
  const char* wanted = std::getenv("TENON_ISA");
  return choose(wanted == nullptr ? "" : wanted);
}

std::vector<std::string> available_instruction_sets() {
  std::vector<std::string> names;
  for (int64_t target : targets()) names.push_back(lower(hwy::TargetName(target)));
  return names;
}

std::string instruction_set() { return kernels().name; }

void set_instruction_set(std::string_view name) { choose(name); }

}  // namespace tenon::cpu
