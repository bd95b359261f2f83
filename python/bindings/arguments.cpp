#include "python/bindings/arguments.h"

#include <algorithm>
#include <cstdlib>

#include "python/bindings/errors.h"
#include "python/bindings/overrides.h"
#include "python/bindings/python_words.h"
#include "python/bindings/tensor_object.h"
#include "tenon/base/error.h"
#include "tenon/core/default_dtype.h"
#include "tenon/dispatch/dispatch.h"

namespace tenon::python {
namespace {

const Tensor kUndefined;

bool is_sequence(PyObject* object) { return PyTuple_Check(object) || PyList_Check(object); }

bool is_int(PyObject* object) { return PyIndex_Check(object) && !PyBool_Check(object); }

/// Ints that may be given one by one, where nothing else of the op takes ints.
bool may_spread(const OpDef& op, const ParamInfo& info) {
  const auto takes_ints = [](const ParamInfo& other) {
    return other.type == ParamType::kInts || other.type == ParamType::kDims ||
           other.type == ParamType::kInt || other.type == ParamType::kDim ||
           other.type == ParamType::kScalar;
  };
  return (info.type == ParamType::kInts || info.type == ParamType::kDims) &&
         std::count_if(op.params.begin(), op.params.end(), takes_ints) == 1;
}

/// What the op list writes behind `=`, for a parameter of that type.
Attribute default_of(const ParamInfo& info) {
  const std::string text(info.default_value);
  if (text == "none") return {};
  switch (info.type) {
    case ParamType::kBool:
      return Attribute(text == "true");
    case ParamType::kInts:
    case ParamType::kDims: {
      const std::string inside = text.substr(1, text.size() - 2);
      return Attribute(inside.empty() ? Shape() : Shape{std::stoll(inside)});
    }
    case ParamType::kFloats:
      return Attribute(FloatList());
    case ParamType::kInt:
    case ParamType::kOptionalInt:
    case ParamType::kDim:
    case ParamType::kOptionalDim:
      return Attribute(static_cast<int64_t>(std::stoll(text)));
    case ParamType::kFloat:
    case ParamType::kOptionalFloat:
      return Attribute(std::stod(text));
    case ParamType::kScalar:
    case ParamType::kOptionalScalar:
      return Attribute(Scalar(static_cast<int64_t>(std::stoll(text))));
    case ParamType::kText:
      return Attribute(std::string_view(text).substr(1, text.size() - 2));
    case ParamType::kDType:
    case ParamType::kOptionalDType:
      return Attribute(text == "kInt64" ? kInt64 : kFloat32);
    case ParamType::kDevice:
    case ParamType::kOptionalDevice:
      return Attribute(kCpu);
    default:
      return {};
  }
}

/// Ops of C++ that make floating tensors of float32 make them of the default dtype here.
Attribute default_of(const Parameter& parameter) {
  if (parameter.info->default_value == "kFloat32") return Attribute(default_dtype());
  return *parameter.default_value;
}

/// PyTorch's name of the parameter.
std::string_view synonym_of(const ParamInfo& info, size_t number) {
  if (info.name == "x" || (info.name == "a" && number == 0)) return "input";
  if (info.name == "b") return "other";
  if (info.name == "sizes") return "size";
  if (info.name == "dims") return "dim";
  if (info.name == "value" && info.type == ParamType::kScalar) return "fill_value";
  return info.name;
}

std::string_view numpys_name_of(const ParamInfo& info) {
  if (info.name == "dim" || info.name == "dims") return "axis";
  return info.name == "keepdim" ? "keepdims" : info.name;
}

PyObject* interned(std::string_view text) {
  return PyUnicode_InternFromString(std::string(text).c_str());
}

Attribute attribute_of(const ParamInfo& info, PyObject* object) {
  const char* const what = info.name.data();
  switch (info.type) {
    case ParamType::kInt:
    case ParamType::kOptionalInt:
    case ParamType::kDim:
    case ParamType::kOptionalDim:
      return Attribute(to_int(object, what));
    case ParamType::kInts:
    case ParamType::kDims:
      return Attribute(to_ints(object, what));
    case ParamType::kFloat:
    case ParamType::kOptionalFloat:
      return Attribute(to_float(object, what));
    case ParamType::kFloats:
      return Attribute(FloatList(to_floats(object, what)));
    case ParamType::kBool:
      return Attribute(to_bool(object));
    case ParamType::kScalar:
    case ParamType::kOptionalScalar:
      // One that requires a gradient would lose it.
      if (is_tensor(object) && tensor_of(object).dim() == 0 && !tensor_of(object).requires_grad()) {
        return Attribute(tensor_of(object).item());
      }
      if (const std::optional<Scalar> scalar = to_scalar(object)) return Attribute(*scalar);
      fail_type("'%s' must be a number, not %s", what, Py_TYPE(object)->tp_name);
    case ParamType::kDType:
    case ParamType::kOptionalDType:
      return Attribute(to_dtype(object, what));
    case ParamType::kDevice:
    case ParamType::kOptionalDevice:
      return Attribute(to_device(object, what));
    case ParamType::kText: {
      const char* const text = PyUnicode_Check(object) ? PyUnicode_AsUTF8(object) : nullptr;
      if (!text) fail_type("'%s' must be a str, not %s", what, Py_TYPE(object)->tp_name);
      return Attribute(text);
    }
    case ParamType::kGenerator:
      return Attribute(&to_generator(object, what));
    default:
      fail_type("'%s' must be left out", what);
  }
}

}  // namespace

int64_t to_int(PyObject* object, const char* what) {
  if (!PyBool_Check(object) && PyIndex_Check(object)) {
    PyObject* const number = PyNumber_Index(object);
    if (!number) throw PythonError();
    const long long value = PyLong_AsLongLong(number);
    Py_DECREF(number);
    if (value == -1 && PyErr_Occurred()) throw PythonError();
    return value;
  }
  fail_type("'%s' must be an int, not %s", what, Py_TYPE(object)->tp_name);
}

double to_float(PyObject* object, const char* what) {
  const double value = PyFloat_AsDouble(object);
  if (value == -1 && PyErr_Occurred()) {
    if (!PyErr_ExceptionMatches(PyExc_TypeError)) throw PythonError();
    fail_type("'%s' must be a float, not %s", what, Py_TYPE(object)->tp_name);
  }
  return value;
}

bool to_bool(PyObject* object) {
  const int truth = PyObject_IsTrue(object);
  if (truth < 0) throw PythonError();
  return truth != 0;
}

std::optional<Scalar> to_scalar(PyObject* object) {
  if (PyFloat_Check(object)) return Scalar(PyFloat_AS_DOUBLE(object));
  if (PyBool_Check(object)) return Scalar(object == Py_True);
  if (PyLong_Check(object)) {
    const long long value = PyLong_AsLongLong(object);
    if (value == -1 && PyErr_Occurred()) throw PythonError();
    return Scalar(static_cast<int64_t>(value));
  }
  if (PyComplex_Check(object)) {
    const Py_complex value = PyComplex_AsCComplex(object);
    return Scalar(std::complex<double>(value.real, value.imag));
  }
  // NumPy's numbers: float64 is a float already; others convert as they say.
  if (is_tensor(object) || PySequence_Check(object)) return std::nullopt;
  if (PyIndex_Check(object)) return Scalar(to_int(object, "number"));
  const PyNumberMethods* const number = Py_TYPE(object)->tp_as_number;
  if (number && number->nb_float) return Scalar(to_float(object, "number"));
  return std::nullopt;
}

Shape to_ints(PyObject* object, const char* what) {
  Shape result;
  if (!is_sequence(object)) {
    result.push_back(to_int(object, what));
    return result;
  }
  const Items items(object);
  for (PyObject* const item : items.all()) result.push_back(to_int(item, what));
  return result;
}

std::vector<double> to_floats(PyObject* object, const char* what) {
  if (!is_sequence(object)) return {to_float(object, what)};
  std::vector<double> result;
  const Items items(object);
  for (PyObject* const item : items.all()) result.push_back(to_float(item, what));
  return result;
}

std::vector<Tensor> to_tensors(PyObject* object, const char* what) {
  if (!is_sequence(object)) {
    fail_type("'%s' must be a tuple or list of tensors, not %s", what, Py_TYPE(object)->tp_name);
  }
  std::vector<Tensor> result;
  const Items items(object);
  for (PyObject* const item : items.all()) {
    if (!is_tensor(item)) {
      check_overridden(item);
      fail_type("'%s' must hold tensors, not %s", what, Py_TYPE(item)->tp_name);
    }
    check_overridden_tensor(item);
    result.push_back(tensor_of(item));
  }
  return result;
}

PyObject* wrap(const Scalar& scalar) {
  if (scalar.is_bool()) return PyBool_FromLong(scalar.to_bool());
  if (scalar.is_integer()) return PyLong_FromLongLong(scalar.to_int());
  if (scalar.is_complex()) {
    return PyComplex_FromDoubles(scalar.to_complex().real(), scalar.to_complex().imag());
  }
  return PyFloat_FromDouble(scalar.to_double());
}

PyObject* wrap_element(const Scalar& scalar, DType dtype) {
  if (dtype != kUInt64) return wrap(scalar);
  return PyLong_FromUnsignedLongLong(static_cast<uint64_t>(scalar.to_int()));
}

Signature::Signature(const OpDef& op) : op_(op) {
  for (size_t i = 0; i < op.params.size(); ++i) {
    const ParamInfo& info = op.params[i];
    Parameter& parameter = parameters_.emplace_back();
    parameter.info = &info;
    parameter.name = interned(info.name);
    parameter.synonym = interned(synonym_of(info, i));
    parameter.numpys = interned(numpys_name_of(info));
    parameter.may_spread = may_spread(op, info);
    if (!info.default_value.empty()) parameter.default_value = default_of(info);
    parameter.is_optional =
        info.type == ParamType::kOptionalTensor || info.type == ParamType::kOptionalInt ||
        info.type == ParamType::kOptionalDim || info.type == ParamType::kOptionalFloat ||
        info.type == ParamType::kOptionalScalar || info.type == ParamType::kOptionalDType ||
        info.type == ParamType::kOptionalDevice || info.type == ParamType::kGenerator;
    parameter.is_tensor =
        info.type == ParamType::kTensor || info.type == ParamType::kOptionalTensor ||
        info.type == ParamType::kTensorOrScalar || info.type == ParamType::kTensorList;
  }
}

namespace {

/// The number of the keyword that names the parameter; `count` where none does.
size_t keyword_of(const Parameter& parameter, PyObject* names, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    PyObject* const name = PyTuple_GET_ITEM(names, static_cast<Py_ssize_t>(i));
    if (parameter.is_called(name)) return i;
  }
  for (size_t i = 0; i < count; ++i) {  // keywords are interned, but for those made by hand
    PyObject* const name = PyTuple_GET_ITEM(names, static_cast<Py_ssize_t>(i));
    if (parameter.is_spelt(name)) return i;
  }
  return count;
}

}  // namespace

void check_exponent(const Tensor& base, const Scalar& exponent) {
  if (!base.defined() || is_differentiable(base.dtype())) return;
  if (!exponent.is_integer() || exponent.to_int() >= 0) return;
  fail<ValueError>("pow",
                   "Integers to negative integer powers are not allowed; convert the base to "
                   "floating point, e.g. with to(kFloat32), or pass a float as exponent");
}

bool Signature::has(PyObject* name) const {
  return std::any_of(parameters_.begin(), parameters_.end(),
                     [&](const Parameter& parameter) { return parameter.is_spelt(name); });
}

Signature::Bound::Bound(const Signature& signature, PyObject* const* arguments, size_t count,
                        PyObject* names)
    : op_(signature.op_) {
  const char* const op = op_.name.data();
  const size_t named = names ? static_cast<size_t>(PyTuple_GET_SIZE(names)) : 0;
  size_t next = 0, used = 0;
  for (const Parameter& parameter : signature.parameters_) {
    PyObject* object = nullptr;
    if (next < count) {
      object = arguments[next++];
      if (parameter.may_spread && is_int(object)) {
        const size_t first = next - 1;
        while (next < count && is_int(arguments[next])) ++next;
        take_ints({arguments + first, next - first}, parameter);
        continue;
      }
    } else if (named != 0) {
      const size_t keyword = keyword_of(parameter, names, named);
      if (keyword != named) {
        object = arguments[count + keyword];
        ++used;
      }
    }
    if (object) {
      take(parameter, object);
    } else if (!parameter.default_value) {
      fail_type("%s() is missing its argument '%U'", op, parameter.synonym);
    } else if (parameter.is_tensor) {
      inputs_.push_back(&kUndefined);
    } else {
      add(default_of(parameter));
    }
  }
  if (next < count) {
    fail_type("%s() takes fewer positional arguments: %s", op, python_words(op_.signature).c_str());
  }
  if (used < named) fail_keywords(signature, names);
  make_scalars_tensors();
}

/// Of keywords of which not all were used.
void Signature::Bound::fail_keywords(const Signature& signature, PyObject* names) const {
  const char* const op = op_.name.data();
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); ++i) {
    PyObject* const name = PyTuple_GET_ITEM(names, i);
    if (!signature.has(name)) {
      fail_type("%s() has no argument '%U': %s", op, name, python_words(op_.signature).c_str());
    }
  }
  fail_type("%s() got an argument both by position and by name", op);
}

void Signature::Bound::take_ints(std::span<PyObject* const> objects, const Parameter& parameter) {
  Shape ints;
  for (PyObject* const object : objects)
    ints.push_back(to_int(object, parameter.info->name.data()));
  add(Attribute(ints));
}

void Signature::Bound::take(const Parameter& parameter, PyObject* object) {
  if (parameter.is_tensor) return take_tensor(parameter, object);
  if (object != Py_None || !(parameter.is_optional || parameter.default_value)) {
    add(attribute_of(*parameter.info, object));
  } else {
    add(parameter.is_optional ? Attribute() : default_of(parameter));
  }
}

void Signature::Bound::add(Attribute attribute) {
  if (attribute_count_ == kMost) fail_type("%s() has too many arguments", op_.name.data());
  std::construct_at(attributes() + attribute_count_, std::move(attribute));
  ++attribute_count_;
}

void Signature::Bound::take_tensor(const Parameter& parameter, PyObject* object) {
  const char* const name = PyUnicode_AsUTF8(parameter.synonym);
  if (parameter.info->type == ParamType::kTensorList) {
    list_ = to_tensors(object, name);
    for (const Tensor& tensor : list_) inputs_.push_back(&tensor);
  } else if (is_tensor(object)) {
    check_overridden_tensor(object);
    inputs_.push_back(&tensor_of(object));
  } else if (object == Py_None && parameter.is_optional) {
    inputs_.push_back(&kUndefined);
  } else {
    const bool may_be_number = parameter.info->type == ParamType::kTensorOrScalar;
    const std::optional<Scalar> scalar = may_be_number ? to_scalar(object) : std::nullopt;
    if (!scalar || inputs_.size() >= scalars_.size()) {
      check_overridden(object);
      fail_type("%s(): '%s' must be a tensor%s, not %s", op_.name.data(), name,
                may_be_number ? " or a number" : "", Py_TYPE(object)->tp_name);
    }
    scalars_[inputs_.size()] = scalar;
    inputs_.push_back(nullptr);
  }
}

/// Numbers take the dtype that they have beside the call's tensors.
void Signature::Bound::make_scalars_tensors() {
  for (size_t i = 0; i < scalars_.size(); ++i) {
    if (!scalars_[i]) continue;
    const Tensor* like = &kUndefined;
    // The other operand, as in `2 * x`, comes before what both are chosen by, as in `where`.
    for (size_t k = 0; k < inputs_.size(); ++k) {
      const bool is_operand =
          k < op_.params.size() && op_.params[k].type == ParamType::kTensorOrScalar;
      const bool is_scalar = k < scalars_.size() && scalars_[k];
      if (!is_scalar && (is_operand || !like->defined())) like = inputs_[k];
    }
    if (op_.id == OpId::kPow && i == 1) check_exponent(*like, *scalars_[i]);
    temporaries_[i] = operand_of(op_.id, *scalars_[i], *like);
    inputs_[i] = &temporaries_[i];
  }
}

}  // namespace tenon::python
