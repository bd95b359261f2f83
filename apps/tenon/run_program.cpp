#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <memory>

#include "apps/tenon/command.h"
#include "tenon/base/error.h"
#include "tenon/io/safetensors.h"
#include "tenon/ops/functions.h"
#include "tenon/serve/program.h"

namespace tenon::app {
namespace {

struct RunArguments {
  std::string file;
  std::vector<std::string> inputs;
  std::string output;
};

std::string type_of(const ProgramValue& value) {
  return fmt::format("{}[{}]", name_of(value.dtype), fmt::join(value.sizes, ", "));
}

/// The sizes of `ones[4,12]`.
Shape sizes_in(const std::string& text, size_t open) {
  Shape sizes;
  size_t at = open + 1;
  while (at < text.size() && text[at] != ']') {
    int64_t size = 0;
    const auto read = std::from_chars(text.data() + at, text.data() + text.size(), size);
    at = static_cast<size_t>(read.ptr - text.data());
    if (read.ec != std::errc() || size < 0 || at >= text.size() ||
        (text[at] != ',' && text[at] != ']')) {
      break;
    }
    sizes.push_back(size);
    if (text[at] == ',') ++at;
  }
  if (at + 1 == text.size() && text[at] == ']') return sizes;
  fail<ValueError>("run",
                   fmt::format("can't read sizes from '{}'; expected, say, ones[4,12]", text));
}

/// `FILE`, `FILE:TENSOR`, or a tensor made up.
Tensor read_input(const ProgramValue& value, const std::string& source) {
  const size_t open = source.find('[');
  const std::string made = source.substr(0, open);
  if (open != std::string::npos && (made == "ones" || made == "zeros" || made == "random")) {
    const Shape sizes = sizes_in(source, open);
    if (made == "random") return randn(sizes).to(value.dtype);
    return made == "ones" ? ones(sizes, value.dtype) : zeros(sizes, value.dtype);
  }
  const size_t colon = source.rfind(".safetensors:");
  const size_t end = colon == std::string::npos ? source.size() : colon + 12;
  const StateDict tensors = load(source.substr(0, end));
  if (end < source.size()) return tensors.at(source.substr(end + 1));
  if (const Tensor* tensor = tensors.find(value.name)) return *tensor;
  if (tensors.size() == 1) return tensors.begin()->second;
  fail<ValueError>("run", fmt::format("{} holds {} tensors, and none is named '{}'; say which one: "
                                      "--input {}={}:NAME",
                                      source, tensors.size(), value.name, value.name, source));
}

std::vector<Tensor> read_inputs(const Program& program, const std::vector<std::string>& given) {
  std::vector<Tensor> inputs(program.inputs().size());
  for (const std::string& text : given) {
    const size_t equal = text.find('=');
    const std::string name = text.substr(0, equal);
    size_t i = 0;
    while (i < inputs.size() && program.inputs()[i].name != name) ++i;
    if (equal == std::string::npos || i == inputs.size()) {
      std::vector<std::string> names;
      for (const ProgramValue& value : program.inputs()) names.push_back(value.name);
      fail<ValueError>(
          "run", fmt::format("--input {}: expected NAME=SOURCE, where NAME is one of {}", text,
                             fmt::join(names, ", ")));
    }
    if (inputs[i].defined()) {
      fail<ValueError>("run",
                       fmt::format("--input {}: '{}' was given before; give it once", text, name));
    }
    inputs[i] = read_input(program.inputs()[i], text.substr(equal + 1));
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].defined()) continue;
    const ProgramValue& value = program.inputs()[i];
    fail<ValueError>("run", fmt::format("input '{}', {}, is missing; give it with --input {}=FILE",
                                        value.name, type_of(value), value.name));
  }
  return inputs;
}

void run_program(const RunArguments& arguments, Session& session) {
  Program program = Program::load(arguments.file);
  const std::vector<Tensor> results = program.run(read_inputs(program, arguments.inputs));
  StateDict named;
  nlohmann::json& outputs = session.result["outputs"] = nlohmann::json::array();
  for (size_t i = 0; i < results.size(); ++i) {
    const std::string& name = program.outputs()[i].name;
    const Shape& sizes = results[i].sizes();
    named.add(name, results[i]);
    fmt::print("{}: {}{}\n{}\n", name, name_of(results[i].dtype()), to_string(sizes),
               results[i].to_string());
    outputs.push_back({{"name", name},
                       {"dtype", name_of(results[i].dtype())},
                       {"shape", std::vector<int64_t>(sizes.begin(), sizes.end())}});
  }
  if (arguments.output.empty()) return;
  save(named, arguments.output);
  fmt::print("wrote {}\n", arguments.output);
}

}  // namespace

void add_run(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* command = add_command(
      app, session, "run", "Run a program that save_program() wrote",
      "  tenon run digits_program.safetensors --input image=pictures.safetensors\n"
      "  tenon run program.safetensors --input x=batch.safetensors:images --output y.safetensors\n"
      "  tenon run program.safetensors --input x=random[4,12]\n",
      [arguments](Session& run) { run_program(*arguments, run); });
  command->add_option("FILE", arguments->file, "A file that save_program() wrote")->required();
  command
      ->add_option("--input", arguments->inputs,
                   "An input: the tensor of its name, or the only one, of a safetensors file; "
                   "FILE:TENSOR; or ones[SIZES], zeros[SIZES], random[SIZES]")
      ->type_name("NAME=SOURCE");
  command->add_option("--output", arguments->output, "Write the results to this safetensors file")
      ->type_name("FILE");
}

}  // namespace tenon::app
