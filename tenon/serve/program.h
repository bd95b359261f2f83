#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "tenon/graph/compile.h"
#include "tenon/io/safetensors.h"

namespace tenon {

/// One input of a function that is saved: its name, an example of it, and the names of those dims
/// whose size may differ from the example's, `{"batch", ""}` (none: all sizes are fixed). Dims of
/// one name have one size.
struct ProgramInput {
  std::string name;
  Tensor example;
  std::vector<std::string> dims = {};
};

struct SaveProgramOptions {
  /// Names for tensors that the function uses beside its inputs: `model.state_dict()`. Others are
  /// named `constant.0`, `constant.1`, ...
  StateDict weights = {};
  /// Names of the results, in their order; none: `output.0`, ...
  std::vector<std::string> outputs = {};
  /// More entries of the file's metadata, for `load_metadata`.
  Metadata metadata = {};
};

/// An input or result of a program: sizes as text, "64" or a formula of named ones ("2*batch").
struct ProgramValue {
  std::string name;
  DType dtype = kFloat32;
  std::vector<std::string> sizes;
};

/// A function that was saved by `save_program`: what its ops were, with its weights. It runs
/// without the code that it was made of.
///
///     Program program = Program::load("digits_program.safetensors");
///     Tensor logits = program.run({images})[0];
class TENON_API Program {
 public:
  /// Throws IoError naming the path where the file can't be read, and ValueError naming the line of
  /// its program where that is no right one: whatever loads runs without harm.
  static Program load(const std::string& path);
  Program(Program&&) noexcept;
  ~Program();

  /// The results for these inputs, in the order of `inputs()`. Weights that the program writes keep
  /// their new values. Safe to call from several threads: one runs at a time. The process may fork
  /// meanwhile. Throws ValueError, DTypeError or ShapeError naming the input that isn't as
  /// `inputs()` says.
  std::vector<Tensor> run(const std::vector<Tensor>& inputs);

  const std::vector<ProgramValue>& inputs() const;
  const std::vector<ProgramValue>& outputs() const;
  /// Its own weights by name, not copies of them.
  StateDict weights() const;
  int64_t step_count() const;
  /// The graph; see tenon/graph/ir/graph.h.
  std::string to_text() const;
  std::string to_dot() const;

 private:
  struct Body;
  explicit Program(std::unique_ptr<Body> body);
  std::unique_ptr<Body> body_;
};

/// The key in a file's metadata that holds the text of its program.
inline constexpr std::string_view kProgramKey = "tenon.program";

namespace serve {

using TensorFunction = std::function<std::vector<Tensor>(const std::vector<Tensor>&)>;
TENON_API void save_program(const TensorFunction& function, const std::vector<ProgramInput>& inputs,
                            const std::string& path, const SaveProgramOptions& options);

/// What `function` returns for its arguments given as a list.
template <class F>
std::vector<Tensor> call_with_list(F& function, const std::vector<Tensor>& x) {
  const auto listed = [](auto&& result) {
    pure::List pointers;
    pure::list(result, pointers);
    std::vector<Tensor> list;
    for (const Tensor* tensor : pointers) list.push_back(*tensor);
    return list;
  };
  using T = const Tensor&;
  if constexpr (std::is_invocable_v<F&, const std::vector<Tensor>&>) {
    return listed(function(x));
  } else if constexpr (std::is_invocable_v<F&, T>) {
    return listed(function(x.at(0)));
  } else if constexpr (std::is_invocable_v<F&, T, T>) {
    return listed(function(x.at(0), x.at(1)));
  } else if constexpr (std::is_invocable_v<F&, T, T, T>) {
    return listed(function(x.at(0), x.at(1), x.at(2)));
  } else {
    static_assert(std::is_invocable_v<F&, T, T, T, T>,
                  "save_program takes functions of one to four tensors, or of a vector of them");
    return listed(function(x.at(0), x.at(1), x.at(2), x.at(3)));
  }
}

}  // namespace serve

/// Runs `function` on the examples and writes what its ops were, with all tensors that it uses, as
/// one safetensors file: any reader of that format can read the weights, and `Program::load` and
/// `tenon run` run it.
///
///     model.eval();
///     save_program([&](const Tensor& x) { return model(x); },
///                  {{"image", randn({1, 1, 28, 28}), {"batch", "", "", ""}}},
///                  "digits_program.safetensors", {.weights = model.state_dict()});
///
/// Where dims have names the function runs for several sizes near the example's, and each number of
/// its ops has to follow from them. Throws ValueError where it doesn't, where the function looks at
/// results on the way or draws random numbers; what the function throws; IoError as `save`.
template <class F>
void save_program(F&& function, const std::vector<ProgramInput>& inputs, const std::string& path,
                  const SaveProgramOptions& options = {}) {
  serve::save_program(
      [&](const std::vector<Tensor>& given) { return serve::call_with_list(function, given); },
      inputs, path, options);
}

}  // namespace tenon
