#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "tenon/backends/cpu/tile/plan.h"

namespace tenon::cpu {

/// Plans of the launches that one thread has run, found again by all that a plan depends on:
/// program, dtypes, sizes, strides, which outputs are inputs. Programs run the same few forms over
/// and over, and on a few hundred elements planning costs more than the run itself.
class PlanCache {
 public:
  static PlanCache& of_thread();

  /// The plan of the launch, made where there is none; stays valid until the next `trim`.
  const Plan& plan_of(const tile::Launch& launch);
  /// The same; where the launch's caller keeps plans, nothing is looked up but at its first run.
  const Plan& kept_plan_of(const tile::Launch& launch);
  /// Forgets all plans when there are very many of them (sizes that never come again).
  void trim();

 private:
  /// What a plan depends on, in words, and their hash. As a key of the map it owns its words.
  struct Form {
    uint64_t hash = 0;
    std::span<const uint64_t> words;
  };
  struct OwnedForm {
    uint64_t hash;
    std::vector<uint64_t> words;
    operator Form() const { return {hash, words}; }
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(const Form& form) const { return form.hash; }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Form& a, const Form& b) const;
  };

  Form form_of(const tile::Launch& launch);
  const std::shared_ptr<const Plan>& find(const tile::Launch& launch);

  std::unordered_map<OwnedForm, std::shared_ptr<const Plan>, Hash, Equal> plans_;
  std::vector<uint64_t> words_;  ///< of the form that is being looked up
};

}  // namespace tenon::cpu
