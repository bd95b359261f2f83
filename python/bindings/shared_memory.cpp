// Memory that processes share, and tensors in it.

#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "python/bindings/casters.h"
#include "python/bindings/functions.h"
#include "tenon/base/error.h"
#include "tenon/ops/creation/from_data.h"

namespace nb = nanobind;

namespace tenon::python {
namespace {

#if defined(MAP_POPULATE)
constexpr int kFlags = MAP_SHARED | MAP_POPULATE;  // the pages are there already
#else
constexpr int kFlags = MAP_SHARED;
#endif

/// The file's first `size` bytes as uint8, mapped while any tensor views them. Python's own mmap
/// would keep the file open as long.
Tensor map_shared(int file, size_t size) {
  void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, kFlags, file, 0);
  if (memory == MAP_FAILED) {
    fail<IoError>("map_shared", fmt::format("{} bytes: {}", size, std::strerror(errno)));
  }
  return from_blob(memory, {static_cast<int64_t>(size)}, kUInt8,
                   [size](void* mapped) { munmap(mapped, size); });
}

/// The part of the memory of `bytes` that begins at `begin`, as a row-major tensor.
Tensor tensor_within(const Tensor& bytes, size_t begin, DType dtype,
                     const std::vector<int64_t>& sizes) {
  size_t end = size_of(dtype);
  bool fits = bytes.is_contiguous() && begin % end == 0;
  for (const int64_t size : sizes) {
    fits = fits && size >= 0 && !__builtin_mul_overflow(end, static_cast<size_t>(size), &end);
  }
  if (!fits || __builtin_add_overflow(begin, end, &end) || end > bytes.nbytes()) {
    fail<ValueError>("tensor_within", "the tensor lies outside the memory");
  }
  const Tensor part = from_blob(static_cast<char*>(bytes.raw_data()) + begin, IntList(sizes), dtype,
                                [bytes](void*) {});
  if (bytes.impl()->storage->is_borrowed()) part.impl()->storage->borrow();
  return part;
}

}  // namespace

void add_shared_memory(nb::module_& module) {
  module.def("_map_shared", map_shared, nb::arg("file"), nb::arg("size"));
  module.def("_tensor_within", tensor_within, nb::arg("bytes"), nb::arg("begin"), nb::arg("dtype"),
             nb::arg("sizes"));
}

}  // namespace tenon::python
