#pragma once

#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenon/io/state_dict.h"
#include "tenon/nn/parameter.h"

namespace tenon::nn {

class AnyModule;
class ModuleClone;

/// A tensor of a module and its name, with dots between the modules on the way: "fc1.weight".
using NamedTensor = std::pair<std::string, Tensor>;
using NamedModule = std::pair<std::string, AnyModule>;

/// What `load_state_dict` did not match.
struct LoadReport {
  std::vector<std::string> missing;     ///< in the module, not in the dict
  std::vector<std::string> unexpected;  ///< in the dict, not in the module
};

/// The base of every layer and network: a struct whose members are its parameters and the modules
/// it is made of, and whose `forward` says what it computes.
///
///     struct Classifier : nn::Module {
///       nn::Linear fc1 = child("fc1", nn::Linear(784, 128));
///       nn::Linear fc2 = child("fc2", nn::Linear(128, 10));
///       Tensor forward(const Tensor& x) override { return fc2(relu(fc1(x))); }
///     };
///
/// A module is a handle, as a tensor is: copies share parameters, buffers and the training flag;
/// `clone()` doesn't share. State that a forward pass keeps belongs in a parameter or a buffer, for
/// other members are copied by value. Threads: concurrent forward passes of one module in eval mode
/// are safe.
class TENON_API Module {
 public:
  Module();
  Module(const Module& other);
  Module(Module&& other) noexcept = default;
  Module& operator=(const Module& other) = default;
  Module& operator=(Module&& other) noexcept = default;
  virtual ~Module();

  /// What the module computes of one tensor. Modules of other arguments have a `forward` of their
  /// own signature and leave this one alone. Throws ValueError where there is none.
  virtual Tensor forward(const Tensor& x);
  /// A module of one tensor is called like a function.
  Tensor operator()(const Tensor& x) const { return const_cast<Module*>(this)->forward(x); }

  /// The learned tensors: those of the module itself, then those of its children, each once. They
  /// are handles: writing to them changes the module.
  std::vector<Tensor> parameters() const;
  std::vector<NamedTensor> named_parameters() const;
  /// The tensors that are saved but not learned, such as running means.
  std::vector<Tensor> buffers() const;
  std::vector<NamedTensor> named_buffers() const;
  /// The modules that this one is made of, in the order of their registration; `as<nn::Linear>()`
  /// of one gives the layer that it is.
  const std::vector<NamedModule>& children() const;
  /// The modules below this one, depth first, with their dotted names.
  std::vector<NamedModule> named_modules() const;
  /// The number of learned elements.
  int64_t parameter_count() const;

  /// Parameters and buffers by dotted name, detached, sharing memory with the module.
  StateDict state_dict() const;
  /// Copies the values into the module's tensors, converting dtypes. Throws ValueError that lists
  /// every missing and unexpected name (unless `strict` is off; the report has them then) and
  /// ShapeError that lists every tensor of the wrong shape; the module is as before in both cases.
  LoadReport load_state_dict(const StateDict& state, bool strict = true);

  /// Sets the training flag of this module and all below it: dropout drops, batch norm learns its
  /// running statistics.
  void train(bool training = true);
  void eval() { train(false); }
  bool is_training() const;

  /// Converts floating parameters, buffers and gradients in place: handles and optimizers see it.
  void to(DType dtype);
  /// Moves parameters, buffers and gradients.
  void to(Device device);
  /// Drops the gradients of all parameters.
  void zero_grad();
  void requires_grad_(bool requires_grad = true);
  /// Calls `function(Module&)` for every module below this one, depth first, then for this one.
  template <class F>
  void apply(F&& function);

  /// A module of the same type with parameters and buffers of its own:
  ///
  ///     Classifier twin = model.clone();
  ///
  /// Throws ValueError when a member of the module is a plain `Tensor` that is one of its
  /// parameters; keep those as `nn::Parameter`.
  ModuleClone clone() const;

  /// The type's name without namespaces: "Linear".
  std::string type_name() const;
  /// What to print in the parentheses behind the name.
  virtual std::string description() const;
  /// The tree of modules with shapes and parameter counts.
  std::string to_string() const;

 protected:
  /// Registers a module that this one is made of and returns it, for a member of the same name.
  /// Throws ValueError when the name is empty, has a dot, or is taken.
  template <class M>
  M child(std::string name, M module);
  /// Registers a learned tensor; it gets `requires_grad` where its dtype has gradients.
  Parameter parameter(std::string name, Tensor value);
  /// Registers a tensor that is saved and moved with the module but not learned.
  Parameter buffer(std::string name, Tensor value);
  /// `child` for a module whose type is not known where it is added.
  void add_child(std::string name, AnyModule module);

 private:
  friend class CloneScope;
  struct Body;

  std::shared_ptr<Body> body_;
};

/// Within its life, on this thread, copies of modules and of `Parameter`s are clones: the first
/// copy of a body makes new tensors, later ones find them. `Module::clone` is its only user.
class TENON_API CloneScope {
 public:
  explicit CloneScope(const Module& source);
  ~CloneScope();
  CloneScope(const CloneScope&) = delete;
  CloneScope& operator=(const CloneScope&) = delete;
  /// Throws ValueError when the copy holds handles of the source's tensors.
  void check() const;

  static CloneScope* current();
  std::shared_ptr<Module::Body> clone_of(const std::shared_ptr<Module::Body>& body);
  Tensor clone_of(const Tensor& tensor) const;

 private:
  Tensor add(const Tensor& tensor);
  struct State;
  std::unique_ptr<State> state_;
  CloneScope* previous_;
};

/// A module of the type of `module` whose parameters and buffers are copies. See `Module::clone`.
template <class M>
requires std::is_base_of_v<Module, M> M clone(const M& module) {
  CloneScope scope(module);
  M copy(module);
  scope.check();
  return copy;
}

/// What `Module::clone` returns: it becomes the clone when a module is initialised with it.
class ModuleClone {
 public:
  explicit ModuleClone(const Module& source) : source_(source) {}
  ModuleClone(const ModuleClone&) = delete;
  ModuleClone& operator=(const ModuleClone&) = delete;

  /// Throws ValueError when the source is no `M`.
  template <class M>
  requires(std::is_base_of_v<Module, M> && !std::is_same_v<Module, M>) operator M() const {
    if (const auto* source = dynamic_cast<const M*>(&source_)) return nn::clone(*source);
    fail_type();
  }

 private:
  [[noreturn]] TENON_API void fail_type() const;
  const Module& source_;
};

inline ModuleClone Module::clone() const { return ModuleClone(*this); }

/// Any module of one tensor as a value: what lists of modules hold. Copies share the module.
class TENON_API AnyModule {
 public:
  template <class M>
  requires(std::is_base_of_v<Module, M> && !std::is_same_v<Module, M>) AnyModule(M module)
      : module_(std::make_shared<M>(std::move(module))),
        copy_([](const Module& source) -> std::shared_ptr<Module> {
          return std::make_shared<M>(static_cast<const M&>(source));
        }) {}
  /// Within a `CloneScope`, the copy is a clone.
  AnyModule(const AnyModule& other);
  AnyModule(AnyModule&&) noexcept = default;
  AnyModule& operator=(const AnyModule&) = default;
  AnyModule& operator=(AnyModule&&) noexcept = default;
  ~AnyModule() = default;

  Tensor operator()(const Tensor& x) const { return module_->forward(x); }
  Module& get() const { return *module_; }
  Module* operator->() const { return module_.get(); }
  /// The module as the type that it is; null where it is another.
  template <class M>
  M* as() const {
    return dynamic_cast<M*>(module_.get());
  }

 private:
  std::shared_ptr<Module> module_;
  std::shared_ptr<Module> (*copy_)(const Module&);
};

template <class M>
M Module::child(std::string name, M module) {
  static_assert(std::is_base_of_v<Module, M>, "a child is a module");
  add_child(std::move(name), AnyModule(module));
  return module;
}

template <class F>
void Module::apply(F&& function) {
  for (const auto& [name, module] : children()) module->apply(function);
  function(*this);
}

/// The tree of `Module::to_string`.
TENON_API std::ostream& operator<<(std::ostream& out, const Module& module);

}  // namespace tenon::nn
