// tenon.Generator: random numbers with a state of their own.

#include <random>

#include "python/bindings/arguments.h"
#include "python/bindings/errors.h"
#include "tenon/core/generator.h"

namespace tenon::python {
namespace {

struct GeneratorObject {
  PyObject_HEAD Generator generator;
  bool is_default;  ///< stands for the default generator of whichever thread uses it
};

PyTypeObject* generator_type = nullptr;

Generator& generator_of(PyObject* self) {
  auto* const object = reinterpret_cast<GeneratorObject*>(self);
  return object->is_default ? default_generator() : object->generator;
}

PyObject* make_generator(PyTypeObject* type, PyObject* arguments, PyObject* keywords) noexcept {
  return guarded([&] {
    static const char* names[] = {"device", nullptr};
    PyObject* device = nullptr;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|O:Generator", const_cast<char**>(names),
                                     &device)) {
      throw PythonError();
    }
    if (device) to_device(device, "device");
    auto* const object = reinterpret_cast<GeneratorObject*>(type->tp_alloc(type, 0));
    if (!object) throw PythonError();
    new (&object->generator) Generator();
    return reinterpret_cast<PyObject*>(object);
  });
}

void start_from(PyObject* self, uint64_t seed) {
  if (reinterpret_cast<GeneratorObject*>(self)->is_default) {
    manual_seed(seed);  // of threads to come, too
  } else {
    generator_of(self).manual_seed(seed);
  }
}

PyObject* set_seed(PyObject* self, PyObject* seed) noexcept {
  return guarded([&] {
    if (!PyIndex_Check(seed)) fail_type("a seed is an int, not %s", Py_TYPE(seed)->tp_name);
    PyObject* const number = PyNumber_Index(seed);
    if (!number) throw PythonError();
    start_from(self, PyLong_AsUnsignedLongLongMask(number));
    Py_DECREF(number);
    return Py_NewRef(self);
  });
}
PyObject* get_seed(PyObject* self, PyObject*) noexcept {
  return PyLong_FromUnsignedLongLong(generator_of(self).seed());
}
PyObject* draw_seed(PyObject* self, PyObject*) noexcept {
  return guarded([&] {
    std::random_device source;
    start_from(self, (uint64_t{source()} << 32 | source()) >> 1);
    return get_seed(self, nullptr);
  });
}
PyObject* get_numbers(PyObject* self, PyObject*) noexcept {
  return Py_BuildValue("(KK)", static_cast<unsigned long long>(generator_of(self).seed()),
                       static_cast<unsigned long long>(generator_of(self).offset()));
}
PyObject* set_numbers(PyObject* self, PyObject* state) noexcept {
  return guarded([&] {
    unsigned long long seed = 0, offset = 0;
    if (!PyTuple_Check(state)) fail_type("a state is (seed, offset)");
    if (!PyArg_ParseTuple(state, "KK", &seed, &offset)) throw PythonError();
    generator_of(self).manual_seed(seed);
    generator_of(self).set_offset(offset);
    return Py_NewRef(self);
  });
}
PyObject* get_device(PyObject*, void*) noexcept {
  return guarded([&] { return wrap(kCpu); });
}

PyMethodDef generator_methods[] = {
    {"manual_seed", set_seed, METH_O, "Starts again from this seed; gives the generator itself."},
    {"initial_seed", get_seed, METH_NOARGS, "The seed that it started from."},
    {"seed", draw_seed, METH_NOARGS, "Starts again from a seed of the system, which it returns."},
    {"_numbers", get_numbers, METH_NOARGS, "(seed, offset)"},
    {"_set_numbers", set_numbers, METH_O, "Goes on from (seed, offset)."},
    {nullptr, nullptr, 0, nullptr}};
PyGetSetDef generator_attributes[] = {{"device", get_device, nullptr, nullptr, nullptr},
                                      {nullptr, nullptr, nullptr, nullptr, nullptr}};
PyType_Slot generator_slots[] = {
    {Py_tp_new, reinterpret_cast<void*>(make_generator)},
    {Py_tp_methods, generator_methods},
    {Py_tp_getset, generator_attributes},
    {Py_tp_doc, const_cast<char*>("Random numbers that follow from a seed of their own.")},
    {0, nullptr}};
PyType_Spec generator_spec = {"tenon.Generator", sizeof(GeneratorObject), 0,
                              Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, generator_slots};

}  // namespace

Generator& to_generator(PyObject* object, const char* what) {
  if (!PyObject_TypeCheck(object, generator_type)) {
    fail_type("'%s' must be a Generator or None, not %s", what, Py_TYPE(object)->tp_name);
  }
  return generator_of(object);
}

bool add_generator_type(PyObject* module) {
  generator_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&generator_spec));
  if (!generator_type || PyModule_AddObjectRef(module, "Generator",
                                               reinterpret_cast<PyObject*>(generator_type)) != 0) {
    return false;
  }
  PyObject* const whole = generator_type->tp_alloc(generator_type, 0);
  if (!whole) return false;
  reinterpret_cast<GeneratorObject*>(whole)->is_default = true;
  return PyModule_AddObject(module, "default_generator", whole) == 0;
}

}  // namespace tenon::python
