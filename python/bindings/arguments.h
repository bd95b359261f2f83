#pragma once

#include <Python.h>

#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "python/bindings/errors.h"
#include "tenon/core/generator.h"
#include "tenon/core/scalar.h"
#include "tenon/core/tensor.h"
#include "tenon/dispatch/call.h"
#include "tenon/dispatch/op_def.h"

// Python's objects as arguments of ops.
namespace tenon::python {

/// Python's dtypes and devices: the same object for the same thing.
PyObject* wrap(DType dtype);
PyObject* wrap(Device device);
bool is_dtype(PyObject* object);
bool is_device(PyObject* object);
bool add_dtypes_and_devices(PyObject* module);

// Conversions; they throw PythonError with a TypeError that names `what` where the object is of
// another type.

DType to_dtype(PyObject* object, const char* what);
/// A device, or its name.
Device to_device(PyObject* object, const char* what);
/// Python's int, or what has `__index__`; bools are not.
int64_t to_int(PyObject* object, const char* what);
double to_float(PyObject* object, const char* what);
/// The truth of any object.
bool to_bool(PyObject* object);
/// A bool, int, float or complex, or a number of NumPy's; nothing for other objects.
std::optional<Scalar> to_scalar(PyObject* object);
/// A tuple or list of ints, or one int.
Shape to_ints(PyObject* object, const char* what);
/// A tuple or list of numbers, or one number.
std::vector<double> to_floats(PyObject* object, const char* what);
/// A Generator's own, which lives as long as the object.
Generator& to_generator(PyObject* object, const char* what);
bool add_generator_type(PyObject* module);
/// Tensors of a tuple or list.
std::vector<Tensor> to_tensors(PyObject* object, const char* what);

/// What is in a list or tuple when this is made: to look at an item may run code of Python's, which
/// may change the list.
class Items {
 public:
  explicit Items(PyObject* sequence) : tuple_(PySequence_Tuple(sequence)) {
    if (!tuple_) throw PythonError();
  }
  ~Items() { Py_DECREF(tuple_); }
  Items(const Items&) = delete;

  std::span<PyObject* const> all() const {
    return {PySequence_Fast_ITEMS(tuple_), static_cast<size_t>(PyTuple_GET_SIZE(tuple_))};
  }

 private:
  PyObject* tuple_;
};

/// Whether an object stands for numbers one after the other, as data and as an index: a list, a
/// tuple or a range, of any class.
inline bool is_list_like(PyObject* object) {
  return PyList_Check(object) || PyTuple_Check(object) || PyRange_Check(object);
}

/// Throws ValueError where a whole number below 0 would be an exponent of integers, as PyTorch
/// does.
void check_exponent(const Tensor& base, const Scalar& exponent);

PyObject* wrap(const Scalar& scalar);
/// An element of a tensor of this dtype: scalars hold the bits of uint64 as those of an int64.
PyObject* wrap_element(const Scalar& scalar, DType dtype);
/// A plain tuple of ints.
PyObject* wrap(const Shape& ints);
/// A `tenon.Size`.
PyObject* wrap_sizes(const Shape& sizes);
bool add_size_type(PyObject* module);

/// How a parameter of an op is called from Python: by its own name, or by PyTorch's where that is
/// another one (`input` for the first tensor, `other` for a second operand).
struct Parameter {
  const ParamInfo* info;
  PyObject* name;     ///< interned
  PyObject* synonym;  ///< interned; the name where there is no other
  PyObject* numpys;   ///< interned: NumPy's name, which PyTorch takes, too; `axis` for a dim
  std::optional<Attribute> default_value;
  bool is_tensor = false;
  bool is_optional = false;
  bool may_spread = false;  ///< ints that may be given one by one: x.view(2, 3)

  bool is_called(PyObject* keyword) const {
    return keyword == name || keyword == synonym || keyword == numpys;
  }
  /// Also of keywords made by hand, which aren't interned.
  bool is_spelt(PyObject* keyword) const {
    return PyUnicode_Compare(keyword, name) == 0 || PyUnicode_Compare(keyword, synonym) == 0 ||
           PyUnicode_Compare(keyword, numpys) == 0;
  }
};

/// The parameters of one op.
class Signature {
 public:
  explicit Signature(const OpDef& op);

  const OpDef& op() const { return op_; }
  /// Whether a parameter is called so.
  bool has(PyObject* name) const;

  /// The op's call with these arguments of a vectorcall, and what it borrows. Throws PythonError.
  class Bound {
   public:
    Bound(const Signature& signature, PyObject* const* arguments, size_t count, PyObject* names);
    Bound(const Bound&) = delete;

    ~Bound() { std::destroy_n(attributes(), attribute_count_); }

    Call call() const {
      return {op_, inputs_, {const_cast<Bound*>(this)->attributes(), attribute_count_}};
    }
    const Tensor& input(size_t i) const { return *inputs_[i]; }

   private:
    static constexpr size_t kMost = 12;

    void take(const Parameter& parameter, PyObject* object);
    void take_ints(std::span<PyObject* const> objects, const Parameter& parameter);
    [[noreturn]] void fail_keywords(const Signature& signature, PyObject* names) const;
    void take_tensor(const Parameter& parameter, PyObject* object);
    void make_scalars_tensors();
    void add(Attribute attribute);
    Attribute* attributes() { return std::launder(reinterpret_cast<Attribute*>(memory_)); }

    const OpDef& op_;
    InlineVector<const Tensor*, 8> inputs_;
    /// Of the attributes that there are: making all of them empty first would take longer than
    /// most calls.
    alignas(Attribute) std::byte memory_[kMost * sizeof(Attribute)];
    size_t attribute_count_ = 0;
    std::array<std::optional<Scalar>, 3> scalars_;  ///< in place of inputs of that number
    std::array<Tensor, 3> temporaries_;
    std::vector<Tensor> list_;  ///< of a list of tensors, which may change during the call
  };

 private:
  const OpDef& op_;
  std::vector<Parameter> parameters_;
};

}  // namespace tenon::python
