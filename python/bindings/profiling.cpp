// Profiles of ops, plans' steps and scopes of Python's.

#include "python/bindings/casters.h"
#include "python/bindings/functions.h"
#include "python/bindings/gil.h"
#include "tenon/train/profiler.h"

namespace nb = nanobind;

namespace tenon::python {

void add_profiling(nb::module_& module) {
  module.def("is_profiling", is_profiling);
  module.def("profile_clock", profile_clock);
  module.def(
      "add_profile_scope",
      [](const std::string& name, int64_t begin) {
        if (!is_profiling()) return;
        ProfileEvent event;
        event.name = name;
        event.category = "user";
        event.begin = begin;
        event.end = profile_clock();
        add_profile_event(std::move(event));
      },
      nb::arg("name"), nb::arg("begin"));
  nb::class_<Profiler>(module, "Profiler", "A profile from its making until stop().")
      .def(nb::init<>())
      .def("stop", &Profiler::stop)
      .def("events",
           [](const Profiler& self) {
             nb::list all;
             for (const ProfileEvent& event : self.events()) {
               all.append(nb::make_tuple(event.name, event.category, event.shapes, event.bytes,
                                         event.begin, event.end, event.thread));
             }
             return all;
           })
      .def(
          "averages",
          [](const Profiler& self, bool by_shapes) {
            nb::list all;
            for (const ProfileAverage& average : self.averages(by_shapes)) {
              all.append(nb::make_tuple(average.name, average.category, average.count,
                                        average.total_us, average.self_us, average.bytes,
                                        average.shapes));
            }
            return all;
          },
          nb::arg("by_shapes") = false)
      .def("export_chrome_trace", [](const Profiler& self, const std::string& path) {
        const ReleaseGil released;
        self.export_chrome_trace(path);
      });
}

}  // namespace tenon::python
