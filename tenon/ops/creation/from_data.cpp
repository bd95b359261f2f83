#include "tenon/ops/creation/from_data.h"

#include <fmt/format.h>

#include <cstring>
#include <memory>

#include "tenon/base/error.h"
#include "tenon/dispatch/dispatch.h"
#include "tenon/dispatch/host_numbers_internal.h"
#include "tenon/ops/functions.h"

namespace tenon {
namespace {

/// Owns no memory of its own: gives blobs back to whoever lent them.
class BlobAllocator final : public Allocator {
 public:
  using Deleter = std::function<void(void*)>;

  Storage* wrap(void* data, size_t bytes, Deleter deleter) {
    auto owned = deleter ? std::make_unique<Deleter>(std::move(deleter)) : nullptr;
    auto* storage = new Storage;
    storage->data = data;
    storage->bytes = bytes;
    storage->owner = this;
    storage->owner_data = owned.release();
    return storage;
  }
  Storage* allocate(size_t, Device) override {
    fail<ValueError>("from_blob", "memory that others own can't be asked for");
  }
  void release(Storage* storage) noexcept override {
    auto* deleter = static_cast<Deleter*>(storage->owner_data);
    if (deleter) (*deleter)(storage->data);
    delete deleter;
    delete storage;
  }
  MemoryStats stats() const override { return {}; }
  void reset_peak_stats() override {}
  void release_cached() override {}
};

BlobAllocator& blobs() {
  static auto* instance = new BlobAllocator;  // tensors may outlive static objects
  return *instance;
}

/// Numbers that somebody wrote down are to be those of the tensor: fractions are cut off, and
/// floating numbers round, but nothing is beyond the range of integers (negative numbers of
/// unsigned ones count from its end), and no imaginary part is lost.
void check_elements(const Tensor& numbers, DType dtype) {
  if (is_differentiable(dtype) && !(is_complex(numbers.dtype()) && is_floating(dtype))) return;
  visit_dtype(numbers.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    if constexpr (TensorElement<T>) {
      const T* const values = numbers.data<T>();
      for (int64_t i = 0; i < numbers.numel(); ++i) check_holds("tensor", Scalar(values[i]), dtype);
    }
  });
}

}  // namespace

Tensor from_elements(const void* data, size_t count, DType element, IntList sizes, DType dtype) {
  Tensor result = new_tensor(sizes, element);
  if (result.numel() != static_cast<int64_t>(count)) {
    fail<ShapeError>("tensor", fmt::format("sizes {} hold {} elements, but {} came",
                                           to_string(sizes), result.numel(), count));
  }
  if (count != 0) std::memcpy(result.raw_data(), data, result.nbytes());
  if (dtype != element) check_elements(result, dtype);
  return result.to(dtype);
}

Tensor from_blob(void* data, IntList sizes, DType dtype, std::function<void(void*)> deleter) {
  TensorImpl* impl = TensorImpl::create();
  Tensor result(Intrusive<TensorImpl>::adopt(impl));
  impl->numel = count_elements("from_blob", sizes);
  if (data == nullptr && impl->numel != 0) {
    fail<ValueError>("from_blob", "expected memory, got a null pointer");
  }
  impl->dtype = dtype;
  impl->sizes = Shape(sizes);
  impl->strides = contiguous_strides(sizes);
  const size_t bytes = static_cast<size_t>(impl->numel) * size_of(dtype);
  impl->storage = Intrusive<Storage>::adopt(blobs().wrap(data, bytes, std::move(deleter)));
  return result;
}

Tensor::Tensor(Scalar value) : Tensor(tensor(value)) {}

Tensor tensor(Scalar value, std::optional<DType> dtype) {
  return full({}, value, dtype.value_or(value.default_dtype()));
}

void from_data::check_length(size_t expected, size_t length) {
  if (expected != length) {
    fail<ShapeError>("tensor", fmt::format("inner braces hold {} and {} elements; they must hold "
                                           "equally many",
                                           expected, length));
  }
}

Tensor arange(Scalar end) { return arange(end.is_integer() ? Scalar(0) : Scalar(0.0), end); }

}  // namespace tenon
