#pragma once

#include <complex>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/core/scalar.h"
#include "tenon/core/tensor_impl.h"

namespace tenon {

class Tensor;
class Generator;
struct TensorIndex;

/// A borrowed list of tensors: binds to braces, vectors and spans for the length of a call.
class TensorList {
 public:
  TensorList() = default;
  inline TensorList(std::initializer_list<Tensor> tensors);
  TensorList(const std::vector<Tensor>& tensors);
  TensorList(std::span<const Tensor> tensors);
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  inline const Tensor& operator[](size_t i) const;
  inline const Tensor* begin() const;
  inline const Tensor* end() const;

 private:
  const Tensor* data_ = nullptr;
  size_t size_ = 0;
};

/// An n-dimensional array: a one-pointer handle. Copying the handle shares the array; `clone()`
/// copies it. A default-made tensor is undefined: it throws ValueError at all but `defined()`,
/// `is_same()`, `impl()` and assignment.
class TENON_API Tensor {
 public:
  Tensor() = default;
  explicit Tensor(Intrusive<TensorImpl> impl) : impl_(std::move(impl)) {}
  /// A 0-d tensor of the scalar's default dtype.
  explicit Tensor(Scalar value);

  bool defined() const { return static_cast<bool>(impl_); }
  DType dtype() const { return body().dtype; }
  Device device() const { return body().device; }
  /// The number of dims (rank).
  int64_t dim() const { return static_cast<int64_t>(body().sizes.size()); }
  const Shape& sizes() const { return body().sizes; }
  const Shape& shape() const { return body().sizes; }
  /// In elements.
  const Shape& strides() const { return body().strides; }
  /// The size of one dim; negative dims count from the end. Throws IndexError.
  int64_t size(int64_t dim) const;
  int64_t stride(int64_t dim) const;
  int64_t numel() const { return body().numel; }
  size_t itemsize() const { return size_of(body().dtype); }
  size_t nbytes() const { return static_cast<size_t>(body().numel) * itemsize(); }
  /// In elements.
  int64_t storage_offset() const { return body().offset; }
  bool is_contiguous() const { return body().contiguous; }
  bool is_view() const { return static_cast<bool>(body().base); }
  bool is_same(const Tensor& other) const { return impl_ == other.impl_; }
  bool is_floating_point() const { return is_floating(dtype()); }
  bool is_complex() const { return tenon::is_complex(dtype()); }

  /// The first element. Throws DTypeError when `T` is not the tensor's element type, DeviceError
  /// when the data isn't in host memory. Elements lie `strides()` apart.
  template <class T>
  T* data() const {
    check_data(dtype_of<T>);
    return reinterpret_cast<T*>(body().bytes());
  }
  /// The same, of any element type.
  void* raw_data() const;
  /// The same for who only reads. Compiled functions keep what they make of weights, but for those
  /// whose address somebody has who may write there.
  const void* const_raw_data() const;

  /// The value of a one-element tensor, converted to `T`. Throws ShapeError for more or fewer.
  template <class T>
  T item() const {
    const Scalar value = item();
    if constexpr (std::is_same_v<T, bool>) {
      return value.to_bool();
    } else if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(value.to_int());
    } else if constexpr (std::is_floating_point_v<T>) {
      return static_cast<T>(value.to_double());
    } else {
      return T(value.to_complex());
    }
  }
  Scalar item() const;
  /// Row-major copy of the elements, converted to `T` (any dtype, layout or host device).
  template <class T>
  std::vector<T> to_vector() const;

  /// Counts the in-place writes to the storage through any view, but for those through
  /// `variable_data()`, which count their own.
  uint32_t version() const {
    const TensorImpl& own = body();
    const auto& counted = own.counter ? own.counter->version : own.storage->version;
    return counted.load(std::memory_order_relaxed);
  }

  // Gradients: defined in autograd/tensor_grad.cpp.

  bool requires_grad() const {
    return body().requires_grad || (body().has_stale_history() && body().base->requires_grad);
  }
  /// Whether the gradient of this tensor accumulates here: made by the user, not by an op.
  bool is_leaf() const {
    return !body().grad_node && !(body().has_stale_history() && body().base->grad_node);
  }
  /// Another tensor of the same elements, of which this one's gradients know nothing: neither its
  /// graph nor its writes in place, which `version()` of this one doesn't count.
  Tensor variable_data() const;
  /// From now on this tensor has the storage, dtype, sizes and strides of `data`; it stays in its
  /// graph, with its `grad()`, hooks and `version()`. Gradients that saved the tensor itself find
  /// its new elements. Throws DTypeError where it requires a gradient and `data` holds integers.
  void set_data(const Tensor& data) const;
  /// Asks for a gradient. Throws AutogradError on results of ops, DTypeError on integers.
  Tensor& requires_grad_(bool requires_grad = true);
  /// The accumulated gradient; undefined before the first backward.
  Tensor grad() const;
  void set_grad(const Tensor& grad);  ///< like this tensor, else throws; undefined drops it
  /// Adds d(this)/d(leaf) to the `grad()` of every leaf that this tensor depends on. `gradient` is
  /// d(loss)/d(this); it may be left out for one-element tensors. The graph is freed unless
  /// `retain_graph` (default: `create_graph`).
  void backward(const Tensor& gradient = {}, std::optional<bool> retain_graph = {},
                bool create_graph = false) const;
  /// Keeps the gradient of a tensor that is not a leaf, too.
  void retain_grad() const;
  /// Calls `hook(grad)` when the gradient of this tensor is known; a defined result replaces it.
  /// Returns a number for `remove_hook`.
  int64_t register_hook(std::function<Tensor(const Tensor&)> hook) const;
  /// Calls `hook(leaf)` when a backward pass has added all of its gradient to `grad()` of this
  /// leaf: there it may be used up, by an optimizer's step, and dropped before the pass goes on.
  /// Returns a number for `remove_hook`. Throws AutogradError on results, and where no gradient is
  /// wanted.
  int64_t register_post_accumulate_grad_hook(std::function<void(const Tensor&)> hook) const;
  void remove_hook(int64_t number) const;

  // Indexing: defined in ops/index/indexing.cpp.

  /// x[i]: the i-th slice along the first dim, a view.
  Tensor operator[](int64_t index) const;
  /// Python's x[...]: integers, `Slice`, `Ellipsis`, `None`, bool and integer tensors.
  Tensor index(std::initializer_list<TensorIndex> indices) const;
  Tensor index(const std::vector<TensorIndex>& indices) const;
  /// Python's x[...] = value, which broadcasts.
  void index_put_(std::initializer_list<TensorIndex> indices, const Tensor& value) const;
  void index_put_(std::initializer_list<TensorIndex> indices, Scalar value) const;
  void index_put_(const std::vector<TensorIndex>& indices, const Tensor& value) const;

  /// Converted; the same tensor where nothing changes.
  Tensor to(DType dtype) const;
  Tensor to(Device device) const;
  /// Like NumPy's str(); see `print_options()` in core/print.h.
  std::string to_string() const;

#include "tenon/core/tensor_methods.inc"

  TensorImpl* impl() const { return impl_.get(); }
  const Intrusive<TensorImpl>& handle() const { return impl_; }

 private:
  const TensorImpl& body() const {
    if (!impl_) [[unlikely]]
      fail_undefined();
    return *impl_;
  }
  [[noreturn]] static void fail_undefined();
  void check_data(DType expected) const;

  Intrusive<TensorImpl> impl_;
};

#pragma GCC diagnostic push
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Winit-list-lifetime"  // lives to the end of the call, as meant
#endif
inline TensorList::TensorList(std::initializer_list<Tensor> tensors)
    : data_(tensors.begin()), size_(tensors.size()) {}
#pragma GCC diagnostic pop
inline TensorList::TensorList(const std::vector<Tensor>& tensors)
    : data_(tensors.data()), size_(tensors.size()) {}
inline TensorList::TensorList(std::span<const Tensor> tensors)
    : data_(tensors.data()), size_(tensors.size()) {}
inline const Tensor& TensorList::operator[](size_t i) const { return data_[i]; }
inline const Tensor* TensorList::begin() const { return data_; }
inline const Tensor* TensorList::end() const { return data_ + size_; }

/// A tensor of these sizes with memory whose contents are left as they are.
TENON_API Tensor new_tensor(IntList sizes, DType dtype, Device device = kCpu);
/// A tensor of `like`'s sizes and device, row-major, its contents left as they are.
TENON_API Tensor new_tensor_like(const Tensor& like, DType dtype);
/// A view of `base`'s storage: same dtype and device, `offset` in elements from the storage's
/// start.
TENON_API Tensor new_view(const Tensor& base, const Shape& sizes, const Shape& strides,
                          int64_t offset);
/// Another body for `tensor`'s elements, without its history: neither a view nor part of a graph.
TENON_API Tensor new_alias(const Tensor& tensor);
/// Gives `tensor`'s body the elements of another one; see `Tensor::set_data`.
TENON_API void replace_elements(const Tensor& tensor, const Tensor& other);
/// Writes through tensors bump the version of what they view. `writer`, a name that stays valid, is
/// told when a gradient finds that a tensor it saved was overwritten.
inline void bump_version(const Tensor& tensor, const char* writer = nullptr) {
  Storage& storage = *tensor.impl()->storage;
  if (VersionCounter* const counter = tensor.impl()->counter.get()) [[unlikely]] {
    counter->version.fetch_add(1, std::memory_order_relaxed);
    storage.other_writes.fetch_add(1, std::memory_order_relaxed);
  } else {
    storage.version.fetch_add(1, std::memory_order_relaxed);
  }
  storage.writer.store(writer, std::memory_order_relaxed);
}

TENON_API std::ostream& operator<<(std::ostream& out, const Tensor& tensor);

}  // namespace tenon
