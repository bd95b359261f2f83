// Arithmetic, comparisons and conversions of Python tensors: the slots behind `x + y`, `x < y`,
// `float(x)`.

#include <fmt/format.h>

#include "python/bindings/arguments.h"
#include "python/bindings/arrays.h"
#include "python/bindings/errors.h"
#include "python/bindings/gil.h"
#include "python/bindings/overrides.h"
#include "python/bindings/tensor_object.h"
#include "tenon/base/error.h"
#include "tenon/dispatch/dispatch.h"

namespace tenon::python {
namespace {

/// An operand: a tensor, an array, or a number that takes its dtype from the other one.
class Operand {
 public:
  explicit Operand(PyObject* object) {
    if (is_tensor(object)) {
      tensor_ = &tensor_of(object);
    } else if (!(scalar_ = to_scalar(object)) && PyObject_HasAttrString(object, "__array__")) {
      tensor_ = &(made_ = tensor_from(object, {}));
    }
  }
  bool is_known() const { return tensor_ || scalar_; }
  const Tensor* beside(const Operand& other, OpId id) {
    if (!tensor_) tensor_ = &(made_ = operand_of(id, *scalar_, *other.tensor_));
    return tensor_;
  }

 private:
  const Tensor* tensor_ = nullptr;
  std::optional<Scalar> scalar_;
  Tensor made_;
};

PyObject* run(OpId id, const Tensor* a, const Tensor* b) {
  const Tensor* const inputs[] = {a, b};
  const Call call{op_definition(id), inputs, {}};
  const ReleaseGil released(call);
  Tensor result = dispatch(call);
  released.take_back();
  return wrap(std::move(result));
}

bool is_plain(PyObject* object) { return Py_TYPE(object) == tensor_type; }

bool is_overridden_operand(PyObject* object) {
  return is_tensor(object) && is_overridden_tensor(object);
}

/// The method of Tensor by which Python asks the second operand.
const char* reflected(OpId id) {
  switch (id) {
    case OpId::kAdd:
      return "__radd__";
    case OpId::kSub:
      return "__rsub__";
    case OpId::kMul:
      return "__rmul__";
    case OpId::kDiv:
      return "__rtruediv__";
    case OpId::kFloorDivide:
      return "__rfloordiv__";
    case OpId::kRemainder:
      return "__rmod__";
    case OpId::kPow:
      return "__rpow__";
    case OpId::kMatmul:
      return "__rmatmul__";
    case OpId::kBitwiseAnd:
      return "__rand__";
    case OpId::kBitwiseOr:
      return "__ror__";
    case OpId::kBitwiseXor:
      return "__rxor__";
    case OpId::kBitwiseLeftShift:
      return "__rlshift__";
    default:
      return "__rrshift__";
  }
}

/// Whether the operator is Tenon's to answer.
bool is_answered(PyObject* object) { return is_overridden(object) || Operand(object).is_known(); }

/// The operator as the method of Tensor that is the op, for a class that overrides it.
PyObject* call_overridden_operator(OpId id, PyObject* a, PyObject* b) {
  if (!is_answered(a) || !is_answered(b)) return Py_NewRef(Py_NotImplemented);
  if (!is_tensor(a)) return call_overridden_method(b, reflected(id), {b, a});
  return call_overridden_method(a, op_definition(id).name.data(), {a, b});
}

void check_power(PyObject* a, PyObject* b) {
  if (!is_tensor(a) || is_tensor(b)) return;
  if (const std::optional<Scalar> exponent = to_scalar(b)) check_exponent(tensor_of(a), *exponent);
}

template <OpId id>
PyObject* binary(PyObject* a, PyObject* b) noexcept {
  return guarded([&]() -> PyObject* {
    if (is_plain(a) && is_plain(b)) return run(id, &tensor_of(a), &tensor_of(b));
    if (is_overridden_operand(a) || is_overridden_operand(b)) {
      return call_overridden_operator(id, a, b);
    }
    if (is_tensor(a) && is_tensor(b)) return run(id, &tensor_of(a), &tensor_of(b));
    Operand x(a), y(b);
    if (!x.is_known() || !y.is_known()) return Py_NewRef(Py_NotImplemented);
    if constexpr (id == OpId::kPow) check_power(a, b);
    return run(id, x.beside(y, id), y.beside(x, id));
  });
}

template <OpId id>
PyObject* inplace(PyObject* a, PyObject* b) noexcept {
  return guarded([&]() -> PyObject* {
    if (is_overridden_tensor(a) || is_overridden_operand(b)) {
      if (!is_answered(b)) return Py_NewRef(Py_NotImplemented);
      const std::string method = std::string(op_definition(id).name) + "_";
      return call_overridden_method(a, method.c_str(), {a, b});
    }
    Operand x(a), y(b);
    if (!y.is_known()) return Py_NewRef(Py_NotImplemented);
    if constexpr (id == OpId::kPow) check_power(a, b);
    const Tensor* const inputs[] = {&tensor_of(a), y.beside(x, id)};
    const Call call{op_definition(id), inputs, {}};
    {
      const ReleaseGil released(call);
      dispatch_inplace(call, tensor_of(a));
    }
    return Py_NewRef(a);
  });
}

/// `x ** y`; three operands aren't Tenon's.
PyObject* power(PyObject* a, PyObject* b, PyObject* modulus) noexcept {
  if (modulus != Py_None) return Py_NewRef(Py_NotImplemented);
  return binary<OpId::kPow>(a, b);
}

PyObject* inplace_power(PyObject* a, PyObject* b, PyObject*) noexcept {
  return inplace<OpId::kPow>(a, b);
}

template <OpId id>
PyObject* unary(PyObject* a) noexcept {
  return guarded([&]() -> PyObject* {
    if (is_overridden_tensor(a)) {
      return call_overridden_method(a, op_definition(id).name.data(), {a});
    }
    const Tensor* const inputs[] = {&tensor_of(a)};
    const Call call{op_definition(id), inputs, {}};
    const ReleaseGil released(call);
    Tensor result = dispatch(call);
    released.take_back();
    return wrap(std::move(result));
  });
}

PyObject* positive(PyObject* a) noexcept { return Py_NewRef(a); }

/// `~x`: of bools it is not.
PyObject* invert(PyObject* a) noexcept {
  return tensor_of(a).dtype() == kBool ? unary<OpId::kLogicalNot>(a) : unary<OpId::kBitwiseNot>(a);
}

Scalar item_of(PyObject* object) {
  const ReleaseGil released;  // what computes it may take long
  return tensor_of(object).item();
}

int is_true(PyObject* object) noexcept {
  try {
    if (tensor_of(object).numel() != 1) {
      fail<ValueError>("bool",
                       fmt::format("a tensor of {} elements is neither true nor false; use any() "
                                   "or all()",
                                   tensor_of(object).numel()));
    }
    return item_of(object).to_bool();
  } catch (...) {
    raise_current_exception();
    return -1;
  }
}

PyObject* as_int(PyObject* object) noexcept {
  return guarded([&] {
    const Scalar value = item_of(object);
    if (value.is_bool()) return PyLong_FromLong(value.to_bool());
    if (value.is_integer()) return wrap_element(value, tensor_of(object).dtype());
    if (value.is_complex()) fail_type("a complex number is no int");
    return PyLong_FromDouble(value.to_double());
  });
}

PyObject* as_float(PyObject* object) noexcept {
  return guarded([&] {
    const Scalar value = item_of(object);
    if (value.is_complex()) fail_type("a complex number is no float");
    return PyFloat_FromDouble(value.to_double());
  });
}

/// For places that take whole numbers only, as `range(x)` does.
PyObject* as_index(PyObject* object) noexcept {
  return guarded([&] {
    const Tensor& tensor = tensor_of(object);
    if (!is_integer(tensor.dtype()) || tensor.numel() != 1) {
      fail_type("only one-element tensors of integers can be used as an index");
    }
    return wrap_element(item_of(object), tensor.dtype());
  });
}

PyObject* compare(PyObject* a, PyObject* b, int op) noexcept {
  switch (op) {
    case Py_LT:
      return binary<OpId::kLt>(a, b);
    case Py_LE:
      return binary<OpId::kLe>(a, b);
    case Py_EQ:
      return binary<OpId::kEq>(a, b);
    case Py_NE:
      return binary<OpId::kNe>(a, b);
    case Py_GT:
      return binary<OpId::kGt>(a, b);
    default:
      return binary<OpId::kGe>(a, b);
  }
}

template <class F>
void* slot(F* function) {
  return reinterpret_cast<void*>(function);
}

}  // namespace

std::vector<PyType_Slot> number_slots() {
  return {
      {Py_nb_add, slot(binary<OpId::kAdd>)},
      {Py_nb_subtract, slot(binary<OpId::kSub>)},
      {Py_nb_multiply, slot(binary<OpId::kMul>)},
      {Py_nb_true_divide, slot(binary<OpId::kDiv>)},
      {Py_nb_floor_divide, slot(binary<OpId::kFloorDivide>)},
      {Py_nb_remainder, slot(binary<OpId::kRemainder>)},
      {Py_nb_power, slot(power)},
      {Py_nb_matrix_multiply, slot(binary<OpId::kMatmul>)},
      {Py_nb_and, slot(binary<OpId::kBitwiseAnd>)},
      {Py_nb_or, slot(binary<OpId::kBitwiseOr>)},
      {Py_nb_xor, slot(binary<OpId::kBitwiseXor>)},
      {Py_nb_lshift, slot(binary<OpId::kBitwiseLeftShift>)},
      {Py_nb_rshift, slot(binary<OpId::kBitwiseRightShift>)},
      {Py_nb_inplace_add, slot(inplace<OpId::kAdd>)},
      {Py_nb_inplace_subtract, slot(inplace<OpId::kSub>)},
      {Py_nb_inplace_multiply, slot(inplace<OpId::kMul>)},
      {Py_nb_inplace_true_divide, slot(inplace<OpId::kDiv>)},
      {Py_nb_inplace_floor_divide, slot(inplace<OpId::kFloorDivide>)},
      {Py_nb_inplace_remainder, slot(inplace<OpId::kRemainder>)},
      {Py_nb_inplace_power, slot(inplace_power)},
      {Py_nb_inplace_and, slot(inplace<OpId::kBitwiseAnd>)},
      {Py_nb_inplace_or, slot(inplace<OpId::kBitwiseOr>)},
      {Py_nb_inplace_xor, slot(inplace<OpId::kBitwiseXor>)},
      {Py_nb_inplace_lshift, slot(inplace<OpId::kBitwiseLeftShift>)},
      {Py_nb_inplace_rshift, slot(inplace<OpId::kBitwiseRightShift>)},
      {Py_nb_negative, slot(unary<OpId::kNeg>)},
      {Py_nb_positive, slot(positive)},
      {Py_nb_absolute, slot(unary<OpId::kAbs>)},
      {Py_nb_invert, slot(invert)},
      {Py_nb_bool, slot(is_true)},
      {Py_nb_int, slot(as_int)},
      {Py_nb_float, slot(as_float)},
      {Py_nb_index, slot(as_index)},
      {Py_tp_richcompare, slot(compare)},
  };
}

}  // namespace tenon::python
