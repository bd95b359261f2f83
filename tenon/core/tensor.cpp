#include "tenon/core/tensor.h"

#include <fmt/format.h>

#include "tenon/base/error.h"
#include "tenon/base/recycler.h"
#include "tenon/core/memory_watch.h"

namespace tenon {
namespace {

bool in_host_memory(Device device) { return device.type != kMeta.type; }

/// What the host is about to look at is there, or this throws.
void be_ready(const Storage& storage) {
  if (MemoryWatch* const watch = memory_watch()) [[unlikely]] {
    watch->before_access(storage);
  }
  check_has_data(storage);
}

/// Looks first: many threads may ask for one address at once.
void lend(Storage& storage) {
  if (storage.lent.load(std::memory_order_relaxed)) return;
  storage.lent.store(true, std::memory_order_relaxed);
}

}  // namespace

TensorImpl* TensorImpl::create() {
  TensorImpl* impl = Recycler<TensorImpl>::take();
  impl->references.reset();
  return impl;
}

void TensorImpl::destroy(TensorImpl* impl) {
  if (impl->has_keeper && impl->storage->owner->keep(*impl)) return;
  impl->storage = {};
  impl->counter = {};
  impl->grad_node = {};
  impl->base = {};
  impl->extras.reset();
  impl->requires_grad = false;
  impl->contiguous = true;
  impl->inference = false;
  impl->is_number = false;
  impl->has_keeper = false;
  impl->history = 0;
  impl->stamp.store(0, std::memory_order_relaxed);
  impl->offset = 0;
  Recycler<TensorImpl>::give(impl);
}

int64_t Tensor::size(int64_t dim) const {
  return impl_->sizes[static_cast<size_t>(normalize_dim("size", dim, this->dim()))];
}

int64_t Tensor::stride(int64_t dim) const {
  return impl_->strides[static_cast<size_t>(normalize_dim("stride", dim, this->dim()))];
}

void Tensor::fail_undefined() {
  fail<ValueError>(
      "Tensor",
      "an undefined tensor has no sizes and no elements; assign one that was made by a "
      "function such as zeros() (a grad() is undefined before the first backward())");
}

void Tensor::check_data(DType expected) const {
  if (expected != body().dtype) {
    fail<DTypeError>("data", fmt::format("asked for elements of {}, but the tensor holds {}; "
                                         "convert with to(k...)",
                                         name_of(expected), name_of(body().dtype)));
  }
  if (!in_host_memory(body().device)) {
    fail<DeviceError>(
        "data", "a tensor on '" + tenon::to_string(body().device) + "' has no data in host memory");
  }
  be_ready(*impl_->storage);
  lend(*impl_->storage);
}

void* Tensor::raw_data() const {
  const void* const data = const_raw_data();
  lend(*body().storage);
  return const_cast<void*>(data);
}

const void* Tensor::const_raw_data() const {
  if (in_host_memory(body().device)) be_ready(*body().storage);
  return body().bytes();
}

Tensor new_tensor(IntList sizes, DType dtype, Device device) {
  TensorImpl* impl = TensorImpl::create();
  Intrusive<TensorImpl> handle = Intrusive<TensorImpl>::adopt(impl);
  impl->numel = count_elements("empty", sizes);
  impl->dtype = dtype;
  impl->device = device;
  impl->sizes.assign(sizes.data(), sizes.size());
  impl->strides.resize(sizes.size());
  int64_t* strides = impl->strides.data();
  int64_t stride = 1;
  for (size_t i = sizes.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= sizes[i] > 0 ? sizes[i] : 1;
  }
  size_t bytes = 0;
  if (__builtin_mul_overflow(static_cast<size_t>(impl->numel), size_of(dtype), &bytes)) {
    fail<ShapeError>("empty",
                     fmt::format("a tensor of sizes {} and dtype {} has more than 2^64 bytes",
                                 to_string(sizes), name_of(dtype)));
  }
  impl->storage = Intrusive<Storage>::adopt(allocator_of(device).allocate(bytes, device));
  return Tensor(std::move(handle));
}

Tensor new_tensor_like(const Tensor& like, DType dtype) {
  const TensorImpl* source = like.impl();
  TensorImpl* impl = TensorImpl::create();
  impl->numel = source->numel;
  impl->dtype = dtype;
  impl->device = source->device;
  impl->sizes = source->sizes;
  if (source->contiguous) {
    impl->strides = source->strides;
  } else {
    impl->strides = contiguous_strides(source->sizes);
  }
  Intrusive<TensorImpl> handle = Intrusive<TensorImpl>::adopt(impl);
  const size_t bytes = static_cast<size_t>(impl->numel) * size_of(dtype);
  impl->storage =
      Intrusive<Storage>::adopt(allocator_of(impl->device).allocate(bytes, impl->device));
  return Tensor(std::move(handle));
}

namespace {

/// A body that reads `source`'s storage.
TensorImpl* share_storage(const TensorImpl* source, const Shape& sizes, const Shape& strides) {
  TensorImpl* impl = TensorImpl::create();
  impl->dtype = source->dtype;
  impl->device = source->device;
  impl->inference = source->inference;
  impl->sizes = sizes;
  impl->strides = strides;
  impl->storage = source->storage;
  impl->counter = source->counter;
  return impl;
}

}  // namespace

Tensor new_view(const Tensor& base, const Shape& sizes, const Shape& strides, int64_t offset) {
  check_dim_count("view", sizes.size());
  const TensorImpl* source = base.impl();
  TensorImpl* impl = share_storage(source, sizes, strides);
  impl->numel = 1;
  for (const int64_t size : sizes) impl->numel *= size;
  impl->offset = offset;
  impl->contiguous = is_contiguous(sizes, strides);
  impl->base = source->base ? source->base : base.handle();
  impl->history = impl->base->history;
  return Tensor(Intrusive<TensorImpl>::adopt(impl));
}

Tensor new_alias(const Tensor& tensor) {
  const TensorImpl* source = tensor.impl();
  TensorImpl* impl = share_storage(source, source->sizes, source->strides);
  impl->numel = source->numel;
  impl->offset = source->offset;
  impl->contiguous = source->contiguous;
  impl->stamp.store(source->stamp.load(std::memory_order_relaxed), std::memory_order_relaxed);
  return Tensor(Intrusive<TensorImpl>::adopt(impl));
}

void replace_elements(const Tensor& tensor, const Tensor& other) {
  TensorImpl& impl = *tensor.impl();
  const TensorImpl& source = *other.impl();
  if (impl.storage != source.storage) {
    if (!impl.counter) {
      auto* const counter = new VersionCounter;
      counter->version.store(tensor.version(), std::memory_order_relaxed);
      impl.counter = Intrusive<VersionCounter>::adopt(counter);
    }
    // Nodes that saved the body hold it still.
    if (impl.storage->saved.load(std::memory_order_relaxed)) source.storage->saved = true;
    impl.base = {};
    impl.has_keeper = false;  // which knows the storage that goes
    impl.storage = source.storage;
  }
  impl.dtype = source.dtype;
  impl.device = source.device;
  impl.is_number = false;
  impl.numel = source.numel;
  impl.offset = source.offset;
  impl.sizes = source.sizes;
  impl.strides = source.strides;
  impl.contiguous = source.contiguous;
  impl.stamp.store(source.stamp.load(std::memory_order_relaxed), std::memory_order_relaxed);
}

}  // namespace tenon
