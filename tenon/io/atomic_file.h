#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "tenon/base/export.h"

namespace tenon {

/// Writes a file that appears whole or not at all: what is written goes to a temporary file in the
/// same folder, which `commit` syncs and renames over `path`. Until then, and after any error, the
/// old file stays as it was; the destructor removes the temporary. A killed process leaves a file
/// `<path>.<number>.tmp` behind (see `is_unfinished_write`). Used by one thread.
class TENON_API AtomicFile {
 public:
  /// Throws IoError, naming `call`, where the folder can't be written or `path` is something other
  /// than a regular file.
  explicit AtomicFile(const std::string& path, std::string_view call = "AtomicFile");
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  /// Throws IoError on a full disk or any other refusal.
  void write(const void* data, size_t bytes);
  void write(std::string_view text) { write(text.data(), text.size()); }
  /// Syncs, renames, syncs the folder. Throws IoError. Nothing may be written afterwards.
  void commit();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether a file of this name is what a killed `AtomicFile` of `path`'s name left behind.
TENON_API bool is_unfinished_write(std::string_view file_name);

/// Throws what writing `path` would, as far as that shows before there is anything to write: for
/// long work whose result goes there.
TENON_API void check_can_write(const std::string& path, std::string_view call = "check_can_write");

/// Writes `contents` as the whole of `path`, atomically.
TENON_API void write_file(const std::string& path, std::string_view contents,
                          std::string_view call = "write_file");

}  // namespace tenon
