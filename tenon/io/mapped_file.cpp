#include "tenon/io/mapped_file_internal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "tenon/base/error.h"

namespace tenon {
namespace {

/// Owner of storages that lie in mapped files; what is allocated anew is ordinary host memory.
class MappedAllocator final : public Allocator {
 public:
  Storage* allocate(size_t bytes, Device device) override {
    return allocator_of(device).allocate(bytes, device);
  }
  void release(Storage* storage) noexcept override {
    const auto file = Intrusive<MappedFile>::adopt(static_cast<MappedFile*>(storage->owner_data));
    delete storage;
  }
  MemoryStats stats() const override { return {}; }
  void reset_peak_stats() override {}
  void release_cached() override {}
};

MappedAllocator& mapped_allocator() {
  // Never destroyed: tensors in static variables may outlive everything else.
  static auto* allocator = new MappedAllocator;
  return *allocator;
}

struct Descriptor {
  int value;
  ~Descriptor() {
    if (value >= 0) close(value);
  }
};

}  // namespace

Intrusive<MappedFile> MappedFile::open(const std::string& path, std::string_view call) {
  const auto refuse = [&](std::string_view doing) {
    const int error = errno;
    fail<IoError>(call, fmt::format("{}: {} failed: {} (errno {}); expected a readable file", path,
                                    doing, std::strerror(error), error));
  };
  // Without O_NONBLOCK, a pipe that nobody writes would hang here.
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.value < 0) refuse("opening");
  struct stat status;
  if (fstat(file.value, &status) != 0) refuse("reading the size");
  if (!S_ISREG(status.st_mode)) {
    fail<IoError>(call, fmt::format("{}: expected a regular file, got {}", path,
                                    S_ISDIR(status.st_mode) ? "a folder" : "a special file"));
  }
  auto mapped = Intrusive<MappedFile>::adopt(new MappedFile);
  if (status.st_size == 0) return mapped;
  void* data = mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_NORESERVE, file.value, 0);
  if (data == MAP_FAILED) refuse("mapping");
  mapped->data = static_cast<std::byte*>(data);
  mapped->bytes = static_cast<size_t>(status.st_size);
  return mapped;
}

void MappedFile::destroy(MappedFile* file) {
  if (file->data) munmap(file->data, file->bytes);
  delete file;
}

Tensor tensor_over(const Intrusive<MappedFile>& file, size_t offset, IntList sizes, DType dtype) {
  auto impl = Intrusive<TensorImpl>::adopt(TensorImpl::create());
  impl->numel = count_elements("load", sizes);
  impl->dtype = dtype;
  impl->device = kCpu;
  impl->sizes.assign(sizes.data(), sizes.size());
  impl->strides = contiguous_strides(sizes);
  auto* storage = new Storage;
  impl->storage = Intrusive<Storage>::adopt(storage);
  storage->data = file->data + offset;
  storage->lent.store(false, std::memory_order_relaxed);
  storage->bytes = static_cast<size_t>(impl->numel) * size_of(dtype);
  storage->owner = &mapped_allocator();
  storage->owner_data = Intrusive<MappedFile>(file).release();
  return Tensor(std::move(impl));
}

}  // namespace tenon
