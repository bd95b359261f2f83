// Functions that are saved as programs, and programs that are loaded.

#include <nanobind/stl/map.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>

#include "python/bindings/callback.h"
#include "python/bindings/casters.h"
#include "python/bindings/functions.h"
#include "python/bindings/gil.h"
#include "tenon/serve/program.h"

namespace nb = nanobind;

namespace tenon::python {
namespace {

using Input = std::tuple<std::string, Tensor, std::vector<std::string>>;

void save_function(nb::callable function, const std::vector<Input>& inputs, const std::string& path,
                   const std::vector<std::pair<std::string, Tensor>>& weights,
                   std::vector<std::string> outputs, const nb::dict& metadata) {
  std::vector<ProgramInput> described;
  for (const auto& [name, example, dims] : inputs) described.push_back({name, example, dims});
  SaveProgramOptions options;
  for (const auto& [name, tensor] : weights) options.weights.add(name, tensor);
  options.outputs = std::move(outputs);
  const Callback callback(std::move(function));
  const ReleaseGil released;
  save_program(
      [&](const std::vector<Tensor>& given) {
        std::vector<Tensor> results = callback(given);
        const HoldGil held;
        options.metadata = nb::cast<Metadata>(metadata);  // the function tells what it returns
        return results;
      },
      described, path, options);
}

/// (name, dtype, sizes as texts) of each.
nb::list described(const std::vector<ProgramValue>& values) {
  nb::list list;
  for (const ProgramValue& value : values) {
    list.append(nb::make_tuple(value.name, nb::cast(value.dtype), nb::cast(value.sizes)));
  }
  return list;
}

}  // namespace

void add_programs(nb::module_& module) {
  module.def("save_function", save_function, nb::arg("function"), nb::arg("inputs"),
             nb::arg("path"), nb::arg("weights"), nb::arg("outputs"), nb::arg("metadata"));
  nb::class_<Program>(module, "LoadedProgram")
      .def(
          "__init__",
          [](Program* self, const std::string& path) {
            const ReleaseGil released;
            new (self) Program(Program::load(path));
          },
          nb::arg("path"))
      .def("run",
           [](Program& self, const std::vector<Tensor>& inputs) {
             const ReleaseGil released;
             return self.run(inputs);
           })
      .def("inputs", [](const Program& self) { return described(self.inputs()); })
      .def("outputs", [](const Program& self) { return described(self.outputs()); })
      .def("weights",
           [](const Program& self) {
             nb::dict result;
             for (const auto& [name, tensor] : self.weights()) {
               result[name.c_str()] = nb::cast(tensor);
             }
             return result;
           })
      .def("step_count", &Program::step_count)
      .def("to_text", &Program::to_text)
      .def("to_dot", &Program::to_dot);
}

}  // namespace tenon::python
