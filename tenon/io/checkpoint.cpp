#include "tenon/io/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <filesystem>

#include "tenon/base/error.h"
#include "tenon/io/atomic_file.h"
#include "tenon/io/checkpoint_values_internal.h"

namespace tenon {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFilePrefix = "checkpoint-";
constexpr std::string_view kFileSuffix = ".safetensors";

std::optional<int64_t> step_of(std::string_view file_name) {
  if (!file_name.starts_with(kFilePrefix) || !file_name.ends_with(kFileSuffix)) return {};
  if (file_name.size() <= kFilePrefix.size() + kFileSuffix.size()) return {};
  file_name.remove_prefix(kFilePrefix.size());
  file_name.remove_suffix(kFileSuffix.size());
  int64_t step = 0;
  const auto [end, error] =
      std::from_chars(file_name.data(), file_name.data() + file_name.size(), step);
  if (error != std::errc() || end != file_name.data() + file_name.size() || step < 0) return {};
  return step;
}

void remove_unfinished(const std::string& folder) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kFilePrefix) && is_unfinished_write(name)) {
      fs::remove(entry.path(), ignored);
    }
  }
}

void make_folder(const std::string& folder, std::string_view call) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    fail<IoError>(
        call, fmt::format("{}: making the folder failed: {}; name one that can be written", folder,
                          error.message()));
  }
  remove_unfinished(folder);
}

}  // namespace

void Checkpoint::save(const std::string& path) const {
  tenon::save(tensors_, path, encode_checkpoint_values(values_));
}

Checkpoint Checkpoint::load(const std::string& path) {
  Checkpoint checkpoint;
  checkpoint.path_ = path;
  Metadata metadata;
  checkpoint.tensors_ = tenon::load(path, metadata);
  checkpoint.values_ = decode_checkpoint_values(path, metadata);
  return checkpoint;
}

void Checkpoint::add_tensors(std::string_view prefix, const StateDict& part) {
  for (const auto& [name, tensor] : part) tensors_.add(fmt::format("{}.{}", prefix, name), tensor);
}

StateDict Checkpoint::tensors_of(std::string_view prefix) const {
  const std::string start = std::string(prefix) + ".";
  StateDict part;
  for (const auto& [name, tensor] : tensors_) {
    if (name.starts_with(start)) part.add(name.substr(start.size()), tensor);
  }
  return part;
}

void Checkpoint::set(std::string_view name, Value value) {
  values_.insert_or_assign(std::string(name), std::move(value));
}

void Checkpoint::set_generator(std::string_view name, const Generator& generator) {
  set_int(fmt::format("{}.seed", name), std::bit_cast<int64_t>(generator.seed()));
  set_int(fmt::format("{}.offset", name), std::bit_cast<int64_t>(generator.offset()));
}

template <class T>
const T& Checkpoint::get(std::string_view name, const char* kind) const {
  const auto found = values_.find(name);
  if (found != values_.end()) {
    if (const T* value = std::get_if<T>(&found->second)) return *value;
  }
  fail<IoError>("Checkpoint",
                fmt::format("{}expected a value of kind {} named '{}', got {}",
                            path_.empty() ? "" : path_ + ": ", kind, name,
                            found == values_.end() ? "none of that name" : "one of another kind"));
}

bool Checkpoint::get_bool(std::string_view name) const { return get<bool>(name, "bool"); }
int64_t Checkpoint::get_int(std::string_view name) const { return get<int64_t>(name, "int"); }
double Checkpoint::get_double(std::string_view name) const { return get<double>(name, "double"); }
const std::string& Checkpoint::get_string(std::string_view name) const {
  return get<std::string>(name, "string");
}

Generator Checkpoint::get_generator(std::string_view name) const {
  Generator generator(std::bit_cast<uint64_t>(get_int(fmt::format("{}.seed", name))));
  generator.set_offset(std::bit_cast<uint64_t>(get_int(fmt::format("{}.offset", name))));
  return generator;
}

CheckpointFolder::CheckpointFolder(std::string folder, int keep)
    : folder_(std::move(folder)), keep_(keep) {
  if (keep < 1) {
    fail<ValueError>("CheckpointFolder", fmt::format("expected keep of at least 1, got {}", keep));
  }
}

std::string CheckpointFolder::path_of(int64_t step) const {
  return fmt::format("{}/{}{:010}{}", folder_, kFilePrefix, step, kFileSuffix);
}

std::string CheckpointFolder::save(const Checkpoint& checkpoint, int64_t step) const {
  if (step < 0) {
    fail<ValueError>("CheckpointFolder::save",
                     fmt::format("expected a step of 0 or more, got {}", step));
  }
  make_folder(folder_, "CheckpointFolder::save");
  std::string path = path_of(step);
  checkpoint.save(path);
  const std::vector<int64_t> all = steps();
  std::error_code error;
  for (size_t i = 0; i + static_cast<size_t>(keep_) < all.size(); ++i) {
    // An old one that can't be removed is no reason to end a run whose new one is safe.
    if (all[i] != step) fs::remove(path_of(all[i]), error);
  }
  return path;
}

void CheckpointFolder::prepare() const {
  constexpr std::string_view kCall = "CheckpointFolder::prepare";
  make_folder(folder_, kCall);
  check_can_write(path_of(0), kCall);
}

std::optional<std::string> CheckpointFolder::latest() const {
  const std::vector<int64_t> all = steps();
  if (all.empty()) return {};
  return path_of(all.back());
}

std::vector<int64_t> CheckpointFolder::steps() const {
  std::vector<int64_t> found;
  std::error_code error;
  const fs::directory_iterator entries(folder_, error);
  if (error && error != std::errc::no_such_file_or_directory) {
    fail<IoError>("CheckpointFolder::steps",
                  fmt::format("{}: reading the folder failed: {}; name one that can be read",
                              folder_, error.message()));
  }
  for (const fs::directory_entry& entry : entries) {
    const auto step = step_of(entry.path().filename().string());
    // A name with other padding than ours would not be found again by its step.
    if (step && fs::path(path_of(*step)).filename() == entry.path().filename()) {
      found.push_back(*step);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace tenon
