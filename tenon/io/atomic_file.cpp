#include "tenon/io/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "tenon/base/error.h"

namespace tenon {
namespace {

constexpr size_t kBufferBytes = size_t{256} << 10;
constexpr std::string_view kSuffix = ".tmp";

std::atomic<uint64_t> temporary_count{0};

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// What a symbolic link points to, so that the link stays and its target is replaced.
std::string resolve_link(const std::string& path) {
  struct stat status;
  if (lstat(path.c_str(), &status) != 0 || !S_ISLNK(status.st_mode)) return path;
  char* resolved = realpath(path.c_str(), nullptr);
  if (!resolved) return path;
  std::string target = resolved;
  std::free(resolved);
  return target;
}

}  // namespace

struct AtomicFile::State {
  std::string call;
  std::string path;
  std::string temporary;
  int descriptor = -1;
  std::vector<char> buffer;

  [[noreturn]] void fail_with(int error, std::string_view doing, std::string_view advice) const {
    fail<IoError>(call, fmt::format("{}: {} failed: {} (errno {}); {}", path, doing,
                                    std::strerror(error), error, advice));
  }

  void open_temporary();
  void write_through(const char* data, size_t bytes);
  void flush() {
    write_through(buffer.data(), buffer.size());
    buffer.clear();
  }
  void sync_folder() const;
};

void AtomicFile::State::open_temporary() {
  if (path.empty()) fail<IoError>(call, "expected the path of a file, got an empty one");
  struct stat status;
  const bool exists = stat(path.c_str(), &status) == 0;
  if (exists && !S_ISREG(status.st_mode)) {
    fail<IoError>(
        call, fmt::format("{}: expected a regular file or none, got {}; name another path", path,
                          S_ISDIR(status.st_mode) ? "a folder" : "a special file"));
  }
  for (;;) {
    temporary = fmt::format("{}.{}-{}{}", path, getpid(), temporary_count++, kSuffix);
    descriptor = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0) break;
    if (errno == EEXIST) continue;  // left behind by a killed process of the same number
    fail_with(errno, fmt::format("creating a file in '{}'", folder_of(path)),
              "the folder must exist and be writable");
  }
  if (exists) (void)fchmod(descriptor, status.st_mode & 07777);
}

void AtomicFile::State::write_through(const char* data, size_t bytes) {
  while (bytes > 0) {
    const ssize_t written = ::write(descriptor, data, bytes);
    if (written < 0) {
      if (errno == EINTR) continue;
      fail_with(errno, fmt::format("writing {} bytes", bytes),
                "free space on the disk or name a path on another one; the old file is unchanged");
    }
    data += written;
    bytes -= static_cast<size_t>(written);
  }
}

void AtomicFile::State::sync_folder() const {
  const int folder = open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;  // a folder that may be written but not listed can't be synced
  // Some file systems know no sync of folders and say EINVAL; their renames are as durable as it
  // gets.
  const int error = fsync(folder) == 0 ? 0 : errno;
  close(folder);
  if (error != 0 && error != EINVAL && error != EROFS) {
    fail_with(error, "syncing the folder", "the new file is in place but may not survive a crash");
  }
}

AtomicFile::AtomicFile(const std::string& path, std::string_view call)
    : state_(std::make_unique<State>()) {
  state_->call = call;
  state_->path = resolve_link(path);
  state_->open_temporary();
}

AtomicFile::~AtomicFile() {
  if (state_->descriptor >= 0) close(state_->descriptor);
  if (!state_->temporary.empty()) unlink(state_->temporary.c_str());
}

void AtomicFile::write(const void* data, size_t bytes) {
  if (bytes >= kBufferBytes) {
    state_->flush();
    state_->write_through(static_cast<const char*>(data), bytes);
    return;
  }
  const char* first = static_cast<const char*>(data);
  state_->buffer.insert(state_->buffer.end(), first, first + bytes);
  if (state_->buffer.size() >= kBufferBytes) state_->flush();
}

void AtomicFile::commit() {
  State& state = *state_;
  state.flush();
  constexpr std::string_view kAdvice = "check the disk; the old file is unchanged";
  if (fsync(state.descriptor) != 0) state.fail_with(errno, "syncing", kAdvice);
  const int closed = close(std::exchange(state.descriptor, -1));
  if (closed != 0 && errno != EINTR) state.fail_with(errno, "closing", kAdvice);
  if (rename(state.temporary.c_str(), state.path.c_str()) != 0) {
    state.fail_with(errno, fmt::format("renaming '{}'", state.temporary), kAdvice);
  }
  state.temporary.clear();
  state.sync_folder();
}

bool is_unfinished_write(std::string_view file_name) {
  // <name>.<process>-<count>.tmp
  if (!file_name.ends_with(kSuffix)) return false;
  file_name.remove_suffix(kSuffix.size());
  const size_t dot = file_name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  const std::string_view number = file_name.substr(dot + 1);
  const size_t dash = number.find('-');
  const auto digits = [](std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  return dash != std::string_view::npos && digits(number.substr(0, dash)) &&
         digits(number.substr(dash + 1));
}

void check_can_write(const std::string& path, std::string_view call) {
  const AtomicFile probe(path, call);
}

void write_file(const std::string& path, std::string_view contents, std::string_view call) {
  AtomicFile file(path, call);
  file.write(contents);
  file.commit();
}

}  // namespace tenon
