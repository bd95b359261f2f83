#pragma once

#include <Python.h>

#include <optional>

#include "tenon/core/tensor.h"

// Data of other libraries as tensors, and the reverse.
namespace tenon::python {

/// While it lives, somebody outside reaches the tensor's memory; also where the tensor gets
/// another.
class Borrowed {
 public:
  explicit Borrowed(const Tensor& tensor);
  ~Borrowed();
  Borrowed(const Borrowed&) = delete;

 private:
  Tensor memory_;
};

/// A copy of numbers, lists of them, or whatever has Python's buffer protocol (NumPy's arrays). The
/// dtype is that of the data unless given: of lists what their elements promote to, Python's of
/// bool, int64, float32 or complex64, tensors and NumPy's of their own dtypes. Throws PythonError;
/// ShapeError for lists of differing lengths.
Tensor tensor_from(PyObject* object, std::optional<DType> dtype);
/// The same memory as a buffer of Python's, which lives as long as the tensor. Throws PythonError
/// where it is read-only, of another byte order, or has negative strides.
Tensor tensor_over(PyObject* object);
Tensor tensor_of_scalar(Scalar value);

}  // namespace tenon::python
