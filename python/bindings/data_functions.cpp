// Tensors from data, files, random seeds and threads.

#include <nanobind/stl/map.h>

#include "python/bindings/arrays.h"
#include "python/bindings/casters.h"
#include "python/bindings/functions.h"
#include "python/bindings/gil.h"
#include "tenon/autograd/view_history.h"
#include "tenon/base/parallel.h"
#include "tenon/base/version.h"
#include "tenon/core/print.h"
#include "tenon/data/digits.h"
#include "tenon/dispatch/dispatch.h"
#include "tenon/io/safetensors.h"
#include "tenon/ops/creation/from_data.h"

namespace nb = nanobind;

namespace tenon::python {
namespace {

Tensor tensor_of_data(nb::handle data, std::optional<DType> dtype) {
  return tensor_from(data.ptr(), dtype);
}

void save_tensors(const nb::dict& tensors, const std::string& path, const Metadata& metadata) {
  StateDict state;
  for (const auto& [name, tensor] : tensors) {
    if (!PyUnicode_Check(name.ptr()) || !is_tensor(tensor.ptr())) {
      fail_type("save() takes a dict of tensors by name, not %s: %s", Py_TYPE(name.ptr())->tp_name,
                Py_TYPE(tensor.ptr())->tp_name);
    }
    state.add(nb::cast<std::string>(name), tensor_of(tensor.ptr()));
  }
  const ReleaseGil released;
  save(state, path, metadata);
}

nb::dict load_tensors(const std::string& path) {
  StateDict state;
  {
    const ReleaseGil released;
    state = load(path);
  }
  nb::dict result;
  for (const auto& [name, tensor] : state) result[name.c_str()] = nb::cast(tensor);
  return result;
}

nb::tuple parts_of(const data::TrainAndTest& sets) {
  const auto parts = [](const data::ImageDataset& set) {
    return nb::make_tuple(nb::cast(set.images()), nb::cast(set.labels()));
  };
  return nb::make_tuple(parts(sets.train), parts(sets.test));
}

/// The memory that a tensor views, as bytes: another view of it.
Tensor storage_of(const Tensor& tensor) {
  const auto size = static_cast<int64_t>(tensor.impl()->storage->bytes);
  const Tensor bytes = new_view(tensor, {size}, {1}, 0);
  bytes.impl()->dtype = kUInt8;
  bytes.impl()->base = {};
  return bytes;
}

}  // namespace

void add_data_functions(nb::module_& module) {
  module.attr("__version__") = std::string(version());
  module.def("tensor_of_data", tensor_of_data, nb::arg("data").none(),
             nb::arg("dtype") = nb::none(),
             "A copy of numbers, nested lists of them, or an array with Python's buffer protocol.");
  module.def(
      "from_buffer", [](nb::handle array) { return tensor_over(array.ptr()); }, nb::arg("array"),
      "A tensor over the memory of an array with Python's buffer protocol.");
  module.def("save_tensors", save_tensors, nb::arg("tensors"), nb::arg("path"),
             nb::arg("metadata") = Metadata());
  module.def("load_tensors", load_tensors, nb::arg("path"));
  module.def("load_metadata", load_metadata, nb::arg("path"));
  module.def(
      "become",
      [](nb::handle tensor, const Tensor& other) {
        if (!is_tensor(tensor.ptr())) fail_type("become() takes tensors");
        tensor_of(tensor.ptr()) = other;
      },
      nb::arg("tensor"), nb::arg("other"),
      "Makes the Python object another tensor, history included.");
  module.def(
      "take_layout",
      [](nb::handle tensor, const Tensor& view) {
        if (!is_tensor(tensor.ptr())) fail_type("take_layout() takes tensors");
        autograd::take_layout(tensor_of(tensor.ptr()), view);
      },
      nb::arg("tensor"), nb::arg("view"),
      "Makes the Python object a view of its own: x.unsqueeze_() and its like.");
  module.def(
      "bytes_of",
      [](const Tensor& tensor) {
        return from_blob(tensor.raw_data(), {static_cast<int64_t>(tensor.nbytes())}, kUInt8,
                         [tensor](void*) {});
      },
      "The memory of a row-major tensor as uint8.");
  module.def("storage_of", storage_of,
             "The whole memory that the tensor views, as uint8: another view of it.");
  module.def(
      "draw_digit_sets",
      [](int64_t train_count, int64_t test_count, uint64_t seed) {
        return parts_of(data::draw_digit_sets(train_count, test_count, seed));
      },
      nb::arg("train_count"), nb::arg("test_count"), nb::arg("seed"));
  module.def(
      "read_digit_sets",
      [](const std::string& folder) { return parts_of(data::read_digit_sets(folder)); },
      nb::arg("folder"));
  module.def("print_options", [] {
    const PrintOptions& now = print_options();
    return nb::make_tuple(now.precision, now.threshold, now.edge_items, now.line_width,
                          now.scientific);
  });
  module.def(
      "set_print_options",
      [](int precision, int64_t threshold, int64_t edge_items, int line_width,
         std::optional<bool> scientific) {
        print_options() = {precision, threshold, edge_items, line_width, scientific};
      },
      nb::arg("precision"), nb::arg("threshold"), nb::arg("edge_items"), nb::arg("line_width"),
      nb::arg("scientific").none());
  module.def("get_num_threads", num_threads);
  module.def("set_num_threads", set_num_threads, nb::arg("count"));
}

}  // namespace tenon::python
