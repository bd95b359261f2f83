#include "python/bindings/arrays.h"

#include <bit>
#include <cstring>
#include <memory>

#include "python/bindings/arguments.h"
#include "python/bindings/errors.h"
#include "python/bindings/gil.h"
#include "python/bindings/tensor_object.h"
#include "tenon/base/error.h"
#include "tenon/core/default_dtype.h"
#include "tenon/core/promotion.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"

namespace tenon::python {
namespace {

struct Format {
  const char* text;
  DType dtype;
};
// By size, as C's own types differ in it; the first of a dtype is what tensors say of themselves.
constexpr Format kFormats[] = {
    {"?", kBool},       {"B", kUInt8},       {"H", kUInt16},  {"I", kUInt32},
    {"L", kUInt64},     {"b", kInt8},        {"h", kInt16},   {"i", kInt32},
    {"l", kInt64},      {"e", kFloat16},     {"f", kFloat32}, {"d", kFloat64},
    {"Zf", kComplex64}, {"Zd", kComplex128}, {"q", kInt64},   {"Q", kUInt64},
};

const char* format_of(DType dtype) {
  for (const Format& known : kFormats) {
    if (known.dtype == dtype) return known.text;
  }
  return nullptr;
}

std::optional<DType> find_dtype(const Py_buffer& buffer) {
  const char* text = buffer.format ? buffer.format : "B";
  const bool is_big = std::endian::native == std::endian::big;
  if (*text == '@' || *text == '=' || *text == (is_big ? '>' : '<')) ++text;
  for (const Format& known : kFormats) {
    if (std::strcmp(known.text, text) == 0 &&
        static_cast<size_t>(buffer.itemsize) == size_of(known.dtype)) {
      return known.dtype;
    }
  }
  return std::nullopt;
}

DType dtype_of_format(const Py_buffer& buffer) {
  if (const std::optional<DType> dtype = find_dtype(buffer)) return *dtype;
  fail_type(
      "elements of format '%s' have no dtype here; convert the array first, for byte-swapped ones "
      "with x.astype(x.dtype.newbyteorder('='))",
      buffer.format ? buffer.format : "B");
}

/// A buffer of Python's while it is looked at.
class Buffer {
 public:
  Buffer(PyObject* object, int flags) {
    if (PyObject_GetBuffer(object, &view, flags) != 0) throw PythonError();
  }
  ~Buffer() { PyBuffer_Release(&view); }
  Buffer(const Buffer&) = delete;

  Py_buffer view{};
};

Shape sizes_of(const Py_buffer& view) {
  Shape sizes;
  for (int i = 0; i < view.ndim; ++i) sizes.push_back(view.shape[i]);
  return sizes;
}

Tensor copy_of_buffer(PyObject* object) {
  const Buffer buffer(object, PyBUF_FULL_RO);
  const Tensor result = new_tensor(sizes_of(buffer.view), dtype_of_format(buffer.view));
  if (PyBuffer_ToContiguous(result.raw_data(), &buffer.view, buffer.view.len, 'C') != 0) {
    throw PythonError();
  }
  return result;
}

/// What a buffer of a tensor's holds, until it is released.
struct LentBuffer {
  explicit LentBuffer(const Tensor& tensor) : memory(tensor) {
    const auto item = static_cast<Py_ssize_t>(tensor.itemsize());
    for (const int64_t size : tensor.sizes()) places.push_back(size);
    for (const int64_t stride : tensor.strides()) places.push_back(stride * item);
  }

  Borrowed memory;
  std::vector<Py_ssize_t> places;  ///< sizes, then strides in bytes
};

/// The dtype of an element that says so itself: a tensor, or a number of NumPy's.
std::optional<DType> own_dtype(PyObject* object) {
  if (is_tensor(object)) return tensor_of(object).dtype();
  if (PyFloat_CheckExact(object) || PyLong_CheckExact(object)) return std::nullopt;
  if (PySequence_Check(object) || !PyObject_CheckBuffer(object)) return std::nullopt;
  return find_dtype(Buffer(object, PyBUF_FULL_RO).view);
}

/// An element as a number, if it is one.
std::optional<Scalar> number_of(PyObject* object, std::optional<DType> own) {
  if (is_tensor(object)) return tensor_of(object).item();
  if (own == kBool) return Scalar(PyObject_IsTrue(object) == 1);
  if (own && is_complex(*own)) {  // as a float it is its real part
    const Py_complex value = PyComplex_AsCComplex(object);
    return Scalar(std::complex<double>(value.real, value.imag));
  }
  return to_scalar(object);
}

/// Numbers of nested lists, in their order.
class Collector {
 public:
  void collect(PyObject* object, size_t depth) {
    if (!is_list_like(object)) {
      return add(object, depth);
    }
    if (depth == kMostTensorDims) fail<ShapeError>("tensor", "lists within lists, too deep");
    const Items items(object);
    const auto count = static_cast<int64_t>(items.all().size());
    if (depth == sizes_.size() && numbers_ == 0 && tensors_.empty() && !is_closed_) {
      sizes_.push_back(count);
    } else if (depth >= sizes_.size() || sizes_[depth] != count) {
      fail<ShapeError>("tensor", "expected lists of equal lengths within a list");
    }
    for (PyObject* const item : items.all()) collect(item, depth + 1);
    is_closed_ = true;
  }

  Tensor result(std::optional<DType> dtype) {
    if (!tensors_.empty()) {
      const Tensor all = reshape(stack(tensors_), sizes_.size() ? with_inner() : inner_);
      return dtype ? all.to(*dtype) : all;
    }
    const DType own = kind_ == Kind::kComplex    ? kComplex128
                      : kind_ == Kind::kFloating ? kFloat64
                                                 : kInt64;
    const DType wanted = dtype.value_or(natural_.value_or(default_dtype()));
    if (own == kComplex128) return from_elements(complex_.data(), numbers_, own, sizes_, wanted);
    if (own == kFloat64) {
      std::vector<double> real;
      for (const auto& value : complex_) real.push_back(value.real());
      return from_elements(real.data(), numbers_, own, sizes_, wanted);
    }
    return from_elements(integers_.data(), numbers_, own, sizes_, wanted);
  }

 private:
  void add(PyObject* object, size_t depth) {
    if (depth != sizes_.size()) {
      fail<ShapeError>("tensor", "expected lists of equal depth within a list");
    }
    is_closed_ = true;
    if (is_tensor(object) && tensor_of(object).dim() > 0) return add_tensor(tensor_of(object));
    const std::optional<DType> own = own_dtype(object);
    const std::optional<Scalar> scalar = number_of(object, own);
    if (!scalar && PyObject_CheckBuffer(object)) return add_tensor(copy_of_buffer(object));
    if (!scalar) fail_type("a tensor can't be made of %s", Py_TYPE(object)->tp_name);
    const DType dtype = own.value_or(scalar->default_dtype());
    if (natural_ != dtype) natural_ = natural_ ? promote(*natural_, dtype) : dtype;
    kind_ = std::max(kind_, scalar->is_integer()   ? Kind::kInteger
                            : scalar->is_complex() ? Kind::kComplex
                                                   : Kind::kFloating);
    ++numbers_;
    integers_.push_back(scalar->is_integer() ? scalar->to_int() : 0);
    complex_.push_back(scalar->is_integer() ? static_cast<double>(scalar->to_int())
                                            : scalar->to_complex());
  }

  void add_tensor(const Tensor& tensor) {
    tensors_.push_back(tensor);
    inner_ = tensor.sizes();
  }

  Shape with_inner() const {
    Shape all = sizes_;
    for (const int64_t size : inner_) all.push_back(size);
    return all;
  }

  enum class Kind : uint8_t { kInteger, kFloating, kComplex };

  Shape sizes_, inner_;
  std::vector<int64_t> integers_;
  std::vector<std::complex<double>> complex_;
  std::vector<Tensor> tensors_;  ///< in place of numbers
  size_t numbers_ = 0;
  Kind kind_ = Kind::kInteger;    ///< the widest so far
  std::optional<DType> natural_;  ///< what holds all so far
  bool is_closed_ = false;        ///< how deep lists go is known
};

}  // namespace

Borrowed::Borrowed(const Tensor& tensor) : memory_(detach(tensor)) {
  memory_.impl()->storage->borrow();
}

Borrowed::~Borrowed() { memory_.impl()->storage->give_back(); }

Tensor tensor_of_scalar(Scalar value) { return Tensor(value); }

Tensor tensor_from(PyObject* object, std::optional<DType> dtype) {
  if (is_tensor(object))
    return clone(detach(tensor_of(object))).to(dtype.value_or(tensor_of(object).dtype()));
  if (const std::optional<Scalar> scalar = to_scalar(object)) return full({}, *scalar, dtype);
  if (is_list_like(object)) {
    Collector collector;
    collector.collect(object, 0);
    return collector.result(dtype);
  }
  if (!PyObject_CheckBuffer(object)) {
    fail_type("a tensor can't be made of %s", Py_TYPE(object)->tp_name);
  }
  const Tensor copy = copy_of_buffer(object);
  return dtype ? copy.to(*dtype) : copy;
}

Tensor tensor_over(PyObject* object) {
  auto buffer = std::make_unique<Buffer>(object, PyBUF_FULL_RO);
  const Py_buffer& view = buffer->view;
  if (view.readonly) {
    PyErr_SetString(PyExc_ValueError,
                    "the array is read-only, and tensors can be written; use tensor(array), "
                    "which copies it");
    throw PythonError();
  }
  const DType dtype = dtype_of_format(view);
  const Shape sizes = sizes_of(view);
  Shape strides;
  int64_t reach = 1;
  for (int i = 0; i < view.ndim; ++i) {
    if (view.strides[i] < 0 || view.strides[i] % view.itemsize != 0) {
      PyErr_SetString(PyExc_ValueError,
                      "the array's strides are negative or no whole elements; use tensor(array), "
                      "which copies it");
      throw PythonError();
    }
    strides.push_back(view.strides[i] / view.itemsize);
    reach += strides.back() * std::max<int64_t>(sizes[static_cast<size_t>(i)] - 1, 0);
  }
  void* const data = view.buf;
  const Buffer* const kept = buffer.release();
  const Tensor all = from_blob(data, {reach}, dtype, [kept](void*) {
    if (!Py_IsInitialized()) return;  // the interpreter has gone, with all that it owned
    const HoldGil held;
    delete kept;
  });
  all.impl()->storage->borrow();  // whoever holds the array
  return as_strided(all, sizes, strides, 0);
}

int tensor_get_buffer(PyObject* self, Py_buffer* buffer, int flags) noexcept {
  buffer->obj = nullptr;
  try {
    const Tensor& tensor = tensor_of(self);
    if (tensor.requires_grad()) {
      PyErr_SetString(PyExc_RuntimeError,
                      "the tensor requires a gradient, which would miss what is written through "
                      "the buffer; use x.detach()");
      throw PythonError();
    }
    const char* const format = format_of(tensor.dtype());
    if (!format) {
      fail_type("%s has no buffer format; convert it to float32 first",
                std::string(name_of(tensor.dtype())).c_str());
    }
    if (tensor.device() != kCpu) {
      PyErr_SetString(PyExc_BufferError, "a tensor on 'meta' has no elements");
      throw PythonError();
    }
    if (!(flags & PyBUF_STRIDES) && !tensor.is_contiguous()) {
      PyErr_SetString(PyExc_BufferError, "the tensor isn't contiguous; use x.contiguous()");
      throw PythonError();
    }
    buffer->buf = tensor.raw_data();
    auto lent = std::make_unique<LentBuffer>(tensor);
    buffer->len = static_cast<Py_ssize_t>(tensor.nbytes());
    buffer->itemsize = static_cast<Py_ssize_t>(tensor.itemsize());
    buffer->readonly = 0;
    buffer->ndim = static_cast<int>(tensor.dim());
    buffer->format = flags & PyBUF_FORMAT ? const_cast<char*>(format) : nullptr;
    buffer->shape = lent->places.data();
    buffer->strides = lent->places.data() + tensor.dim();
    buffer->suboffsets = nullptr;
    buffer->internal = lent.release();
    buffer->obj = Py_NewRef(self);
    return 0;
  } catch (...) {
    raise_current_exception();
    return -1;
  }
}

void tensor_release_buffer(PyObject*, Py_buffer* buffer) noexcept {
  delete static_cast<LentBuffer*>(buffer->internal);
}

}  // namespace tenon::python
