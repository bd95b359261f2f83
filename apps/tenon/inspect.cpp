#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "apps/tenon/command.h"
#include "tenon/io/safetensors.h"

namespace tenon::app {
namespace {

int64_t elements_of(const TensorEntry& entry) {
  int64_t count = 1;
  for (const int64_t size : entry.sizes) count *= size;
  return count;
}

void inspect(const std::string& path, Session& session) {
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
  for (const auto& [key, value] : listing.metadata) fmt::print("{} = {}\n", key, value);
}

}  // namespace

void add_inspect(CLI::App& app, Session& session) {
  auto path = std::make_shared<std::string>();
  CLI::App* command =
      add_command(app, session, "inspect", "List what a safetensors file or checkpoint holds",
                  "  tenon inspect digits.safetensors\n"
                  "  tenon inspect run/checkpoint-125.safetensors --json contents.json\n",
                  [path](Session& run) { inspect(*path, run); });
  command->add_option("FILE", *path, "A safetensors file, such as weights or a checkpoint")
      ->required();
}

}  // namespace tenon::app
