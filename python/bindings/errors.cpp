#include "python/bindings/errors.h"

#include <nanobind/nanobind.h>

#include <cstdarg>
#include <new>

#include "python/bindings/python_words.h"
#include "tenon/base/error.h"

namespace tenon::python {
namespace {

struct Known {
  const char* name;
  PyObject* type = nullptr;
};

Known error_type{"Error"}, shape_error{"ShapeError"}, dtype_error{"DTypeError"},
    index_error{"IndexError"}, value_error{"ValueError"}, device_error{"DeviceError"},
    io_error{"IoError"}, memory_error{"OutOfMemoryError"}, autograd_error{"AutogradError"};

bool add(PyObject* module, Known& known, PyObject* first, PyObject* second, const char* doc) {
  PyObject* const bases = second ? PyTuple_Pack(2, first, second) : PyTuple_Pack(1, first);
  if (!bases) return false;
  char full_name[64];
  PyOS_snprintf(full_name, sizeof full_name, "tenon.%s", known.name);
  known.type = PyErr_NewExceptionWithDoc(full_name, doc, bases, nullptr);
  Py_DECREF(bases);
  return known.type && PyModule_AddObjectRef(module, known.name, known.type) == 0;
}

PyObject* raise(const Known& known, const std::exception& error) {
  PyErr_SetString(known.type, python_words(error.what()).c_str());
  return nullptr;
}

}  // namespace

bool add_errors(PyObject* module) {
  PyObject* const root = PyExc_RuntimeError;
  if (!add(module, error_type, root, nullptr, "Root of every exception that Tenon raises.")) {
    return false;
  }
  PyObject* const base = error_type.type;
  return add(module, shape_error, base, PyExc_ValueError, "Sizes that don't fit together.") &&
         add(module, dtype_error, base, PyExc_TypeError, "An element type that isn't accepted.") &&
         add(module, index_error, base, PyExc_IndexError, "An index or dim outside its range.") &&
         add(module, value_error, base, PyExc_ValueError, "A value that makes no sense here.") &&
         add(module, device_error, base, nullptr, "Devices that don't fit, or aren't there.") &&
         add(module, io_error, base, PyExc_OSError, "A file that can't be read, or trusted.") &&
         add(module, memory_error, base, PyExc_MemoryError, "Memory that could not be had.") &&
         add(module, autograd_error, base, nullptr, "A gradient that can't be computed.");
}

PyObject* raise_current_exception() noexcept {
  try {
    throw;
  } catch (const PythonError&) {
    return nullptr;
  } catch (nanobind::python_error& error) {  // of a callback
    error.restore();
    return nullptr;
  } catch (const ShapeError& error) {
    return raise(shape_error, error);
  } catch (const DTypeError& error) {
    return raise(dtype_error, error);
  } catch (const IndexError& error) {
    return raise(index_error, error);
  } catch (const ValueError& error) {
    return raise(value_error, error);
  } catch (const DeviceError& error) {
    return raise(device_error, error);
  } catch (const IoError& error) {
    return raise(io_error, error);
  } catch (const OutOfMemoryError& error) {
    return raise(memory_error, error);
  } catch (const AutogradError& error) {
    return raise(autograd_error, error);
  } catch (const Error& error) {
    return raise(error_type, error);
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
    return nullptr;
  } catch (...) {
    PyErr_SetString(PyExc_RuntimeError, "an error of an unknown C++ type");
    return nullptr;
  }
}

void fail_type(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  PyErr_FormatV(PyExc_TypeError, format, arguments);
  va_end(arguments);
  throw PythonError();
}

}  // namespace tenon::python
