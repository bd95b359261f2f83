#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tenon/core/generator.h"
#include "tenon/io/safetensors.h"

namespace tenon {

/// All that a training run needs to go on where it stopped: named tensors and named values. On disk
/// it is one safetensors file whose metadata holds the values, bit for bit, so that any safetensors
/// reader can read its tensors. Names of parts are joined with '.', as in "model.fc1.weight".
class TENON_API Checkpoint {
 public:
  /// What the format is called now; files of every earlier version can be read.
  static constexpr int64_t kVersion = 1;
  using Value = std::variant<bool, int64_t, double, std::string>;

  Checkpoint() = default;

  /// Writes `path` whole or not at all. Throws IoError.
  void save(const std::string& path) const;
  /// Throws IoError where the file is damaged, no checkpoint, or of a later version.
  static Checkpoint load(const std::string& path);

  StateDict& tensors() { return tensors_; }
  const StateDict& tensors() const { return tensors_; }
  /// Adds every tensor of `part` under "<prefix>.<name>". Throws ValueError on a name twice.
  void add_tensors(std::string_view prefix, const StateDict& part);
  /// The tensors whose names begin with "<prefix>.", without it.
  StateDict tensors_of(std::string_view prefix) const;

  void set_bool(std::string_view name, bool value) { set(name, value); }
  void set_int(std::string_view name, int64_t value) { set(name, value); }
  void set_double(std::string_view name, double value) { set(name, value); }
  void set_string(std::string_view name, std::string value) { set(name, std::move(value)); }
  void set(std::string_view name, Value value);
  /// Seed and offset of a generator, under "<name>.seed" and "<name>.offset".
  void set_generator(std::string_view name, const Generator& generator);

  bool has(std::string_view name) const { return values_.find(name) != values_.end(); }
  /// These throw IoError where the checkpoint has no value of this name and kind.
  bool get_bool(std::string_view name) const;
  int64_t get_int(std::string_view name) const;
  double get_double(std::string_view name) const;
  const std::string& get_string(std::string_view name) const;
  Generator get_generator(std::string_view name) const;
  const std::map<std::string, Value, std::less<>>& values() const { return values_; }

 private:
  template <class T>
  const T& get(std::string_view name, const char* kind) const;

  StateDict tensors_;
  std::map<std::string, Value, std::less<>> values_;
  std::string path_;  ///< where it was loaded from, for errors
};

/// The checkpoints of one run: `checkpoint-<step>.safetensors` in a folder, of which the newest few
/// are kept. What killed writers left behind is ignored by readers and removed by the next `save`.
class TENON_API CheckpointFolder {
 public:
  /// Throws ValueError where `keep` is less than 1. The folder is made by the first `save`.
  explicit CheckpointFolder(std::string folder, int keep = 3);

  /// Writes the checkpoint of `step`, then removes those beyond the newest `keep` and unfinished
  /// writes. Returns its path. One process writes at a time. Throws IoError.
  std::string save(const Checkpoint& checkpoint, int64_t step) const;
  /// Makes the folder, and makes sure that a checkpoint can be begun in it: for finding out before
  /// the training rather than after it. Throws IoError.
  void prepare() const;
  /// The path of the highest step; none where the folder is empty or not there.
  std::optional<std::string> latest() const;
  /// The steps that are there, rising. Throws IoError where the folder can't be read.
  std::vector<int64_t> steps() const;
  std::string path_of(int64_t step) const;

 private:
  std::string folder_;
  int keep_;
};

}  // namespace tenon
