#pragma once

#include <algorithm>
#include <atomic>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>

#include "tenon/dispatch/backend.h"
#include "tenon/dispatch/call.h"
#include "tenon/dispatch/op_ids.h"
#include "tenon/tile/builder.h"
#include "tenon/tile/program.h"

namespace tenon {

enum class ParamType : uint8_t {
  kTensor,
  kOptionalTensor,
  kTensorOrScalar,
  kTensorList,
  kInt,
  kOptionalInt,
  kInts,
  kDim,
  kOptionalDim,
  kDims,
  kFloat,
  kOptionalFloat,
  kFloats,
  kBool,
  kScalar,
  kOptionalScalar,
  kDType,
  kOptionalDType,
  kDevice,
  kOptionalDevice,
  kText,
  kGenerator,
};

struct ParamInfo {
  std::string_view name;
  ParamType type;
  std::string_view default_value;
};

/// How an op runs.
enum class OpKind : uint8_t {
  kUndefined,
  kTile,         ///< a tile program: elementwise, or with rows (reductions, softmax, norms, losses)
  kView,         ///< sizes, strides and offset only
  kKernel,       ///< a kernel that each backend registers
  kComposition,  ///< calls other ops
};

/// What an op computes in when all its inputs are integers (or bool).
enum class Integers : uint8_t { kStay, kBecomeFloat, kBecomeInt64 };

/// The dtype that a tile op computes in: what its inputs promote to, what its second input has
/// (conversions), or what its result has (fills).
enum class ComputedIn : uint8_t { kPromoted, kSecondInput, kResult };

/// The dtype of a tile op's results.
enum class ResultDType : uint8_t { kComputed, kBool, kInt64, kReal };

/// What autocast (see autocast.h) makes of an op's floating inputs before the op sees them. Inputs
/// of other dtypes stay as they are.
enum class CastPolicy : uint8_t {
  kUnstated,  ///< as kAsGiven, for ops that need no thought: views, exact elementwise arithmetic
  kAsGiven,   ///< no cast; inputs of several dtypes promote as they always do
  kLower,     ///< float32 and half inputs become autocast's dtype
  kFloat32,   ///< half inputs become float32
  kPromote,   ///< all become the widest among them, for ops that don't promote by themselves
};

/// Turns a captureless lambda whose parameters are an op's arguments into a function of a `Call`:
/// `const Tensor&` parameters take the inputs in turn, `TensorList` the rest of them, all others
/// the attributes in turn. A `const Call&` parameter takes the call itself.
namespace signature {

template <class F>
struct Traits : Traits<decltype(&F::operator())> {};
template <class C, class R, class... A>
struct Traits<R (C::*)(A...) const> {
  using Result = R;
  template <template <class...> class Apply>
  using With = Apply<A...>;
};

struct Reader {
  std::span<const Tensor* const> inputs;
  std::span<const Attribute> attributes;
  size_t next_input = 0;
  size_t next_attribute = 0;
  std::vector<Tensor> list = {};

  template <class A>
  decltype(auto) take() {
    using T = std::remove_cvref_t<A>;
    if constexpr (std::is_same_v<T, Tensor>) {
      return static_cast<const Tensor&>(*inputs[next_input++]);
    } else if constexpr (std::is_same_v<T, TensorList>) {
      for (; next_input < inputs.size(); ++next_input) list.push_back(*inputs[next_input]);
      return TensorList(list);
    } else {
      return attributes[next_attribute++].as<T>();
    }
  }
};

template <class... A>
struct Invoke {
  template <class F, class... First>
  static auto run(Reader reader, First&&... first) {
    // Braces, not parentheses: they fix the order of evaluation.
    std::tuple<Take<A>...> arguments{reader.take<A>()...};
    return std::apply([&](auto&... rest) { return F{}(std::forward<First>(first)..., rest...); },
                      arguments);
  }
  template <class T>
  using Take = std::conditional_t<std::is_same_v<std::remove_cvref_t<T>, Tensor>, const Tensor&,
                                  std::remove_cvref_t<T>>;
};

template <class... A>
struct InvokeCall {
  template <class F>
  static auto run(const Call& call) {
    if constexpr (sizeof...(A) == 1 && (std::is_same_v<A, const Call&> && ...)) {
      return F{}(call);
    } else {
      return Invoke<A...>::template run<F>(Reader{call.inputs, call.attributes});
    }
  }
};

template <class S, class D, class... A>
struct InvokeVjp {
  template <class F>
  static Grads run(const Saved& saved) {
    return Invoke<A...>::template run<F>(Reader{{}, saved.attributes}, saved, saved.grads[0]);
  }
};

}  // namespace signature

/// Everything an op means: how it types its results, runs, and is differentiated; its documentation
/// and sample inputs. Filled in by the op's `define_<name>` through the chained setters.
struct OpDef {
  using ShapeRule = Specs (*)(const Call&);
  using ViewRule = ViewSpec (*)(const Call&);
  using Composition = void (*)(const Call&, std::span<Tensor> outputs);
  using ListComposition = std::vector<Tensor> (*)(const Call&);
  using Vjp = Grads (*)(const Saved&);
  using RowDims = uint64_t (*)(const Call&, const Shape& space);
  using Variant = int (*)(const Call&);
  using BuildTile = void (*)(tile::TileBuilder&, int variant);
  using Samples = std::vector<Sample> (*)();

  // From the op list.
  OpId id{};
  std::string_view name;
  std::string_view signature;
  std::string_view section;
  std::span<const ParamInfo> params;
  size_t result_count = 1;
  bool returns_list = false;
  bool has_method = false;
  bool has_inplace = false;
  bool internal = false;

  // From the definition.
  OpKind kind = OpKind::kUndefined;
  CastPolicy cast_policy = CastPolicy::kUnstated;
  std::string_view documentation;
  DTypeSet accepted = kRealSet | kBoolSet;
  DTypeSet accepted_input[8] = {};  ///< 0: as `accepted`
  ComputedIn computed_in = ComputedIn::kPromoted;
  Integers integers = Integers::kStay;
  ResultDType results[4] = {};
  bool uses_generator = false;
  int seed_attribute = -1;
  int offset_attribute = -1;
  bool may_fail_on_numbers = false;
  ShapeRule shape_rule = nullptr;
  ViewRule view_rule = nullptr;
  Composition composition = nullptr;
  ListComposition list_composition = nullptr;
  Composition complex_composition = nullptr;
  Vjp vjp_rule = nullptr;
  bool nondifferentiable = false;
  uint32_t saved_inputs = 0;
  /// Of the first inputs: bit k is set where the gradient of input k needs it.
  uint32_t saved_for[2] = {~0u, ~0u};
  uint32_t saved_outputs = 0;
  bool saves_specs = false;
  RowDims row_dims = nullptr;
  bool reversed_rows = false;
  uint32_t row_inputs = 0;  ///< inputs whose sizes leave out the row dims
  Variant variant_rule = nullptr;
  BuildTile build_tile = nullptr;
  Samples samples_rule = nullptr;

  /// "The `...` of ...": formula, shapes, errors, source. Markdown.
  OpDef& doc(std::string_view text) {
    documentation = text;
    return *this;
  }
  /// Promoted input dtypes that the op takes, and what integers are computed in.
  OpDef& accepts(DTypeSet set, Integers rule = Integers::kStay) {
    accepted = set;
    integers = rule;
    return *this;
  }
  /// Input dtypes of a kernel op that differ from its others' (index tensors).
  OpDef& accepts_input(size_t i, DTypeSet set) {
    accepted_input[i] = set;
    return *this;
  }
  /// What autocast makes of the inputs. Where it casts, the op's own parts run without it.
  OpDef& autocast(CastPolicy policy) {
    cast_policy = policy;
    return *this;
  }
  OpDef& computes_in(ComputedIn rule) {
    computed_in = rule;
    return *this;
  }
  /// The dtype of each result of a tile op (default: what it is computed in).
  template <class... R>
  OpDef& returns(R... rules) {
    size_t i = 0;
    ((results[i++] = rules), ...);
    return *this;
  }
  /// sizes and dtypes of the results: `[](const Tensor& x, int64_t dim) -> Spec`.
  template <class F>
  OpDef& shape(F) {
    shape_rule = [](const Call& call) -> Specs { return invoke<F>(call); };
    return *this;
  }
  /// A tile program: `[](TileBuilder& t) {...}`, or `[](TileBuilder& t, int variant)`. Number k
  /// among the op's numeric attributes is the program's scalar k.
  template <class F>
  OpDef& tile(F) {
    kind = OpKind::kTile;
    build_tile = [](tile::TileBuilder& t, int variant) {
      if constexpr (std::is_invocable_v<F, tile::TileBuilder&, int>) {
        F{}(t, variant);
      } else {
        F{}(t);
      }
    };
    return *this;
  }
  /// Which of at most 16 programs a call runs: `[](const Call&) -> int`, or of the arguments.
  template <class F>
  OpDef& variant(F) {
    variant_rule = [](const Call& call) -> int { return invoke<F>(call); };
    return *this;
  }
  /// Makes the tile program one with rows: bit i of the result says that dim i of the iteration
  /// space belongs to the row. `[](const Call&, const Shape& space) -> uint64_t`.
  OpDef& rows(RowDims rule) {
    row_dims = rule;
    return *this;
  }
  /// Says that these inputs have no row dims (labels of cross-entropy). Where all inputs are such,
  /// the space is the first result's sizes.
  template <class... I>
  OpDef& row_input(I... index) {
    ((row_inputs |= 1u << index), ...);
    return *this;
  }
  /// The program sees its rows from their end.
  OpDef& reversed() {
    reversed_rows = true;
    return *this;
  }
  /// A view: `[](const Tensor& x, int64_t dim) -> ViewSpec`.
  template <class F>
  OpDef& view(F) {
    kind = OpKind::kView;
    view_rule = [](const Call& call) -> ViewSpec { return invoke<F>(call); };
    return *this;
  }
  /// A kernel that backends register; the op gives a shape rule.
  OpDef& kernel() {
    kind = OpKind::kKernel;
    return *this;
  }
  /// A composition of other ops, returning a Tensor, a tuple of them or, for ops that return a
  /// list, a vector: `[](const Tensor& x, int64_t dim) -> Tensor`.
  template <class F>
  OpDef& compose(F) {
    kind = OpKind::kComposition;
    using Result = decltype(invoke<F>(std::declval<const Call&>()));
    if constexpr (std::is_same_v<Result, std::vector<Tensor>>) {
      list_composition = [](const Call& call) { return invoke<F>(call); };
    } else if constexpr (std::is_convertible_v<Result, Tensor>) {
      composition = single<F>();
    } else {
      composition = [](const Call& call, std::span<Tensor> outputs) {
        Result result = invoke<F>(call);
        std::apply(
            [&](auto&... value) {
              size_t i = 0;
              ((outputs[i++] = std::move(value)), ...);
            },
            result);
      };
    }
    return *this;
  }
  /// Complex inputs, too, after accepts(): what other ops make of a call with one, gradients
  /// included. As `compose`, with one result.
  template <class F>
  OpDef& of_complex(F) {
    accepted |= kComplexSet;
    complex_composition = single<F>();
    return *this;
  }
  /// The gradient rule: `[](const Saved& saved, const Tensor& dy, int64_t dim) -> Grads`, written
  /// with public ops; the attributes follow `dy`. Gradients of broadcast inputs are summed by the
  /// caller.
  template <class F>
  OpDef& vjp(F) {
    vjp_rule = [](const Saved& saved) -> Grads {
      return signature::Traits<F>::template With<signature::InvokeVjp>::template run<F>(saved);
    };
    return *this;
  }
  OpDef& not_differentiable() {
    nondifferentiable = true;
    return *this;
  }
  template <class... I>
  OpDef& saves_input(I... index) {
    ((saved_inputs |= 1u << index), ...);
    return *this;
  }
  /// Keeps `input` for the gradients of `wanted`, when one of those is asked for: the rule reads it
  /// only where `saved.needs(k)` for one of them.
  OpDef& saves_input_for(size_t input, std::initializer_list<size_t> wanted) {
    saved_inputs |= 1u << input;
    saved_for[input] = 0;
    for (const size_t k : wanted) saved_for[input] |= 1u << k;
    return *this;
  }
  template <class... I>
  OpDef& saves_output(I... index) {
    saved_outputs |= 1;
    if constexpr (sizeof...(I) > 0) {
      saved_outputs = 0;
      ((saved_outputs |= 1u << index), ...);
    }
    return *this;
  }
  /// Keeps sizes and dtypes of the inputs for the gradient rule.
  OpDef& saves_sizes() {
    saves_specs = true;
    return *this;
  }
  /// The program draws random numbers: the op's `Generator?` attribute gives seed and offset.
  OpDef& random() {
    uses_generator = true;
    return *this;
  }
  /// As `random`, but from given numbers: the op's integer attributes with these numbers are seed
  /// and offset, so that a gradient draws what the forward call drew.
  OpDef& random_from(int seed, int offset) {
    seed_attribute = seed;
    offset_attribute = offset;
    return *this;
  }
  /// The kernel fails on some numbers (a matrix without a factor): compiled functions run it where
  /// the code calls it, so that the code can catch the error, and never leave it out. Kernels that
  /// take integers may fail on theirs anyway, when their plan runs.
  OpDef& fails_on_some_numbers() {
    may_fail_on_numbers = true;
    return *this;
  }
  OpDef& samples(Samples rule) {
    samples_rule = rule;
    return *this;
  }

  /// Of ops outside the op list (see custom_op.h), by device type.
  Kernel custom_kernels[kMaxDeviceTypes] = {};

  /// Whether input `i` is kept when the gradients of the inputs in `wanted` (a bit each) are. The
  /// last bit stands for all further inputs of a list.
  bool saves(size_t i, uint32_t wanted) const {
    return (saved_inputs >> std::min<size_t>(i, 31) & 1) != 0 &&
           (i >= std::size(saved_for) || (saved_for[i] & wanted) != 0);
  }

  /// The tile program of a variant; built once.
  const tile::Program& program(int variant) const;

  /// The direct path of a program of one micro-op on the host, or null; looked up once per dtype.
  DirectKernel direct_kernel(DType dtype) const;

  /// Built programs by variant; see `program`.
  mutable std::atomic<const tile::Program*> programs[16] = {};
  /// By dtype, with `direct_known` bits; see `direct_kernel`.
  mutable std::atomic<DirectKernel> direct_kernels[kDTypeCount] = {};
  mutable std::atomic<uint32_t> direct_known{0};

 private:
  template <class F>
  static Composition single() {
    return [](const Call& call, std::span<Tensor> outputs) { outputs[0] = invoke<F>(call); };
  }
  template <class F>
  static auto invoke(const Call& call) {
    return signature::Traits<F>::template With<signature::InvokeCall>::template run<F>(call);
  }
};

/// The definition of an op, made on first use.
TENON_API const OpDef& op_definition(OpId id);
/// By name; null where there is none.
TENON_API const OpDef* find_op(std::string_view name);

}  // namespace tenon
