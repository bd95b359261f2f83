#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "python/bindings/arguments.h"
#include "python/bindings/errors.h"
#include "python/bindings/tensor_object.h"

// Tensors, dtypes and devices as arguments and results of functions that nanobind wraps. An
// argument of another type is nanobind's TypeError, which lists what the function takes.
namespace nanobind::detail {

template <>
struct type_caster<tenon::Tensor> {
  NB_TYPE_CASTER(tenon::Tensor, const_name("Tensor"))

  bool from_python(handle source, uint8_t, cleanup_list*) noexcept {
    if (!tenon::python::is_tensor(source.ptr())) return false;
    value = tenon::python::tensor_of(source.ptr());
    return true;
  }
  static handle from_cpp(const tenon::Tensor& tensor, rv_policy, cleanup_list*) noexcept {
    return tenon::python::guarded([&] { return tenon::python::wrap(tensor); });
  }
};

template <>
struct type_caster<tenon::DType> {
  NB_TYPE_CASTER(tenon::DType, const_name("dtype"))

  bool from_python(handle source, uint8_t, cleanup_list*) noexcept {
    try {
      value = tenon::python::to_dtype(source.ptr(), "dtype");
      return true;
    } catch (const tenon::python::PythonError&) {
      PyErr_Clear();
      return false;
    }
  }
  static handle from_cpp(tenon::DType dtype, rv_policy, cleanup_list*) noexcept {
    return tenon::python::wrap(dtype);
  }
};

}  // namespace nanobind::detail
