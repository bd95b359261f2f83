#include "tenon/backends/cpu/tile/plan_cache.h"

#include <cstring>
#include <utility>

namespace tenon::cpu {
namespace {

using tile::Launch;
using tile::Operand;

constexpr size_t kMostPlans = 512;  // one to three KiB each

/// Both halves of the product of two words: each bit of the result depends on all of theirs.
uint64_t fold(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint64_t hash_of(const uint64_t* words, size_t count) {
  uint64_t hash = count;
  for (size_t i = 0; i + 1 < count; i += 2) {
    hash = fold(words[i] ^ 0x9e3779b97f4a7c15u, words[i + 1] ^ hash ^ 0xff51afd7ed558ccdu);
  }
  if (count % 2 != 0)
    hash = fold(words[count - 1] ^ 0x9e3779b97f4a7c15u, hash ^ 0xc2b2ae3d27d4eb4fu);
  return hash;
}

/// Which inputs an output is, a bit each.
uint64_t* write_sharing(const Launch& launch, const Operand& output, uint64_t* word) {
  uint64_t bits = 0;
  for (size_t i = 0; i < launch.inputs.size(); ++i) {
    if (i != 0 && i % 64 == 0) *word++ = std::exchange(bits, 0);
    bits |= static_cast<uint64_t>(output.data == launch.inputs[i].data) << i % 64;
  }
  *word++ = bits;
  return word;
}

uint64_t* write_operand(const Operand& operand, uint64_t* word) {
  *word++ = static_cast<uint64_t>(operand.dtype);
  const size_t rank = operand.strides.size();
  const int64_t* strides = operand.strides.data();
  for (size_t dim = 0; dim < rank; ++dim) *word++ = static_cast<uint64_t>(strides[dim]);
  return word;
}

}  // namespace

PlanCache& PlanCache::of_thread() {
  static thread_local PlanCache instance;
  return instance;
}

bool PlanCache::Equal::operator()(const Form& a, const Form& b) const {
  return a.hash == b.hash && a.words.size() == b.words.size() &&
         std::memcmp(a.words.data(), b.words.data(), a.words.size_bytes()) == 0;
}

PlanCache::Form PlanCache::form_of(const Launch& launch) {
  const size_t rank = launch.sizes.size();
  const size_t operands = launch.inputs.size() + launch.outputs.size();
  const size_t sharing = launch.outputs.size() * (1 + launch.inputs.size() / 64);
  const size_t most = 3 + rank + operands * (1 + rank) + sharing;
  if (words_.size() < most) words_.resize(most);
  uint64_t* word = words_.data();
  // Plans hold on to their programs, so an address stands for one program only.
  *word++ = reinterpret_cast<uintptr_t>(launch.program->instructions().data());
  *word++ = reinterpret_cast<uintptr_t>(&kernels());
  *word++ = static_cast<uint64_t>(launch.compute) | static_cast<uint64_t>(launch.row_dims) << 8 |
            static_cast<uint64_t>(launch.inputs.size()) << 16 |
            static_cast<uint64_t>(launch.outputs.size()) << 32;
  for (size_t dim = 0; dim < rank; ++dim) *word++ = static_cast<uint64_t>(launch.sizes[dim]);
  for (const Operand& input : launch.inputs) word = write_operand(input, word);
  for (const Operand& output : launch.outputs) {
    word = write_sharing(launch, output, write_operand(output, word));
  }
  const auto count = static_cast<size_t>(word - words_.data());
  return {hash_of(words_.data(), count), {words_.data(), count}};
}

const std::shared_ptr<const Plan>& PlanCache::find(const Launch& launch) {
  const Form form = form_of(launch);
  if (const auto found = plans_.find(form); found != plans_.end()) return found->second;
  OwnedForm owned{form.hash, {form.words.begin(), form.words.end()}};
  auto plan = std::make_shared<const Plan>(make_plan(launch));
  return plans_.emplace(std::move(owned), std::move(plan)).first->second;
}

const Plan& PlanCache::plan_of(const Launch& launch) { return *find(launch); }

const Plan& PlanCache::kept_plan_of(const Launch& launch) {
  if (!launch.kept) return *find(launch);
  if (launch.kept->target != &kernels()) *launch.kept = {find(launch), &kernels()};
  return *static_cast<const Plan*>(launch.kept->plan.get());
}

void PlanCache::trim() {
  if (plans_.size() > kMostPlans) plans_.clear();
}

}  // namespace tenon::cpu
