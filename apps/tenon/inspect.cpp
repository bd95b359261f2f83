#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "apps/tenon/command.h"
#include "tenon/io/atomic_file.h"
#include "tenon/io/safetensors.h"
#include "tenon/serve/program.h"

namespace tenon::app {
namespace {

struct InspectArguments {
  std::string file;
  bool graph = false;
  std::string dot;
};

int64_t elements_of(const TensorEntry& entry) {
  int64_t count = 1;
  for (const int64_t size : entry.sizes) count *= size;
  return count;
}

nlohmann::json print_values(std::string_view title, const std::vector<ProgramValue>& values) {
  nlohmann::json list = nlohmann::json::array();
  for (const ProgramValue& value : values) {
    fmt::print("{} {}: {}[{}]\n", title, value.name, name_of(value.dtype),
               fmt::join(value.sizes, ", "));
    list.push_back({{"name", value.name}, {"dtype", name_of(value.dtype)}, {"sizes", value.sizes}});
  }
  return list;
}

void inspect_program(const InspectArguments& arguments, Session& session) {
  const Program program = Program::load(arguments.file);
  fmt::print("\nprogram of {} ops\n", program.step_count());
  nlohmann::json& result = session.result["program"];
  result["inputs"] = print_values("input ", program.inputs());
  result["outputs"] = print_values("output", program.outputs());
  if (arguments.graph) fmt::print("\n{}", program.to_text());
  if (arguments.dot.empty()) return;
  write_file(arguments.dot, program.to_dot(), "inspect");
  fmt::print("wrote {}\n", arguments.dot);
}

void inspect(const InspectArguments& arguments, Session& session) {
  const std::string& path = arguments.file;
  const SafetensorsListing listing = list_safetensors(path);
  session.result["file"] = path;
  session.result["bytes"] = listing.file_bytes;
  session.result["metadata"] = listing.metadata;
  nlohmann::json& tensors = session.result["tensors"] = nlohmann::json::array();

  size_t name_width = 4, shape_width = 5;
  for (const TensorEntry& entry : listing.tensors) {
    name_width = std::max(name_width, entry.name.size());
    shape_width = std::max(shape_width, to_string(entry.sizes).size());
  }
  fmt::print("{:<{}}  {:<10}  {:<{}}  {:>12}  {:>12}\n", "name", name_width, "dtype", "shape",
             shape_width, "elements", "bytes");
  int64_t elements = 0;
  uint64_t bytes = 0;
  for (const TensorEntry& entry : listing.tensors) {
    const int64_t count = elements_of(entry);
    fmt::print("{:<{}}  {:<10}  {:<{}}  {:>12}  {:>12}\n", entry.name, name_width,
               name_of(entry.dtype), to_string(entry.sizes), shape_width, count, entry.bytes);
    tensors.push_back({{"name", entry.name},
                       {"dtype", name_of(entry.dtype)},
                       {"shape", std::vector<int64_t>(entry.sizes.begin(), entry.sizes.end())},
                       {"offset", entry.offset},
                       {"bytes", entry.bytes}});
    elements += count;
    bytes += entry.bytes;
  }
  fmt::print("{:<{}}  {:<10}  {:<{}}  {:>12}  {:>12}\n",
             fmt::format("{} tensors", listing.tensors.size()), name_width, "", "", shape_width,
             elements, bytes);
  for (const auto& [key, value] : listing.metadata) {
    if (!key.starts_with(kProgramKey)) fmt::print("{} = {}\n", key, value);
  }
  if (listing.metadata.contains(std::string(kProgramKey))) inspect_program(arguments, session);
}

}  // namespace

void add_inspect(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<InspectArguments>();
  CLI::App* command = add_command(
      app, session, "inspect", "List what a safetensors file, checkpoint or program holds",
      "  tenon inspect digits.safetensors\n"
      "  tenon inspect run/checkpoint-125.safetensors --json contents.json\n"
      "  tenon inspect digits_program.safetensors --graph\n",
      [arguments](Session& run) { inspect(*arguments, run); });
  command
      ->add_option("FILE", arguments->file,
                   "A safetensors file, such as weights, a checkpoint or a program")
      ->required();
  command->add_flag("--graph", arguments->graph, "Print the program's graph, too");
  command->add_option("--dot", arguments->dot, "Write a drawing of its graph for Graphviz")
      ->type_name("FILE");
}

}  // namespace tenon::app
