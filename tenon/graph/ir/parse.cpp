#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "tenon/base/error.h"
#include "tenon/dispatch/custom_op.h"
#include "tenon/graph/ir/graph.h"
#include "tenon/graph/ir/lexer.h"
#include "tenon/tile/text.h"

namespace tenon::graph {
namespace {

/// More than any op has; what a hostile text asks for stays bounded.
constexpr size_t kMostRank = 16;
constexpr size_t kMostNames = 8;
constexpr size_t kMostTerms = 64;
constexpr uint8_t kMostPower = 8;

/// A number as the text has it: its value for the sizes that the graph names, and its formula where
/// it has one.
struct Number {
  int64_t value = 0;
  std::optional<Formula> formula;
};

class Parser {
 public:
  explicit Parser(std::string_view text, bool in_loop = false) : lexer_(text), in_loop_(in_loop) {}

  Graph graph() {
    for (lexer_.skip_empty_lines(); !lexer_.at_end(); lexer_.skip_empty_lines()) {
      if (lexer_.take_word("keep")) {
        keep();
      } else if (lexer_.take_word("return")) {
        results();
      } else if (lexer_.take_word("dims")) {
        names();
      } else {
        statement();
      }
      lexer_.end_line();
    }
    return std::move(graph_);
  }

 private:
  struct Result {
    Operand operand;
    bool lacks_rows = false;
  };

  /// `dims batch = 64, time = 7`.
  void names() {
    Symbols& symbols = graph_.symbols;
    do {
      symbols.names.emplace_back(lexer_.word());
      lexer_.expect('=');
      symbols.sizes.push_back(lexer_.integer());
      if (symbols.names.size() > kMostNames) lexer_.fail_here("too many named sizes");
    } while (lexer_.take(','));
  }

  /// `return %3 as "y", %4`.
  void results() {
    do {
      const Operand& result = graph_.results.emplace_back(input());
      if (result.value == kNoValue) lexer_.fail_here("a result that is none");
      graph_.slots[result.slot].live = true;
      if (lexer_.take_word("as")) graph_.result_names.push_back(lexer_.quoted());
    } while (lexer_.take(','));
    if (!graph_.result_names.empty() && graph_.result_names.size() != graph_.results.size()) {
      lexer_.fail_here("all results have names, or none");
    }
  }

  /// `%0: float32[2, 3] = external`, or `%2: ..., %3: ... = op(...) ...`.
  void statement() {
    std::vector<Result> results;
    do {
      results.push_back(result());
    } while (lexer_.take(','));
    lexer_.expect('=');
    for (const auto& [word, role] : {std::pair("external", GraphSlot::Role::kUnknown),
                                     std::pair("input", GraphSlot::Role::kInput),
                                     std::pair("weight", GraphSlot::Role::kWeight)}) {
      if (!lexer_.take_word(word)) continue;
      if (results.size() != 1 || !is_new_) lexer_.fail_here("an external is one new value");
      external(results[0].operand, role);
      return;
    }
    graph_.steps.push_back(step(results));
  }

  void external(const Operand& operand, GraphSlot::Role role) {
    GraphSlot& slot = graph_.slots[operand.slot];
    slot.external = slot.live = true;
    slot.value = operand.value;
    slot.role = role;
    if (role != GraphSlot::Role::kUnknown) slot.name = lexer_.quoted();
    slot.natural = !lexer_.take_word("part");
  }

  Result result() {
    Result result;
    Operand& operand = result.operand;
    operand.value = lexer_.value();
    const bool in_place = lexer_.take_word("in");
    if (in_place) operand.slot = slot_of(lexer_.value());
    lexer_.expect(':');
    operand.dtype = dtype();
    const bool whole = layout(operand);
    is_new_ = !in_place;
    if (in_place) {
      const GraphSlot& slot = graph_.slots[operand.slot];
      if (whole && !same_sizes(operand, slot)) {
        lexer_.fail_here("a part of a storage needs strides and offset");
      }
      operand.natural = whole;
      if (whole) operand.dims = slot.dims;
    } else {
      if (!whole) lexer_.fail_here("a new value has sizes only");
      operand.natural = true;
      operand.slot = static_cast<uint32_t>(graph_.slots.size());
      graph_.slots.push_back({kNoValue, operand.dims, operand.rank, operand.dtype});
    }
    if (!slots_.emplace(operand.value, operand.slot).second) {
      lexer_.fail_here(fmt::format("%{} is written twice", operand.value));
    }
    result.lacks_rows = per_row();
    return result;
  }

  Step step(const std::vector<Result>& results) {
    Step step;
    const bool is_loop = lexer_.take_word("loop");
    if (!is_loop) read_title(step);
    for (const Result& result : results) {
      step.outputs.push_back(result.operand);
      step.outputs_lack_rows.push_back(result.lacks_rows);
    }
    lexer_.expect('(');
    if (!lexer_.take(')')) {
      do {
        step.inputs.push_back(input());
        step.inputs_lack_rows.push_back(per_row());
      } while (lexer_.take(','));
      lexer_.expect(')');
    }
    if (is_loop) {
      loop_step(step);
    } else if (lexer_.take_word("in")) {
      tile_step(step);
    } else {
      kernel_step(step);
    }
    return step;
  }

  void read_title(Step& step) {
    std::vector<const OpDef*> ops;
    do {
      const std::string_view name = lexer_.word();
      ops.push_back(name == "update" ? nullptr : find_op(name));
      if (!ops.back()) ops.back() = find_custom_op(name);
      if (!ops.back() && name != "update") {
        lexer_.fail_here(fmt::format("there is no op '{}'", name));
      }
    } while (lexer_.take('+'));
    step.op = ops[0];
    if (ops.size() > 1) step.members = std::move(ops);
  }

  Operand input() {
    Operand operand;
    if (lexer_.take_word("none")) return operand;
    operand.value = lexer_.value();
    operand.slot = slot_of(operand.value);
    const GraphSlot& slot = graph_.slots[operand.slot];
    operand.dtype = lexer_.take(':') ? dtype() : slot.dtype;
    if (!lexer_.at('[')) {
      operand.rank = slot.rank;
      operand.dims = slot.dims;
      operand.natural = true;
    } else if (layout(operand)) {
      lexer_.fail_here("a view needs sizes, strides and offset");
    }
    return operand;
  }

  /// `10 times { ... }`.
  void loop_step(Step& step) {
    if (in_loop_) lexer_.fail_here("a loop within a loop");
    step.kind = Record::Kind::kLoop;
    step.inputs_lack_rows.clear();
    step.outputs_lack_rows.clear();
    step.rounds = lexer_.integer();
    lexer_.expect_word("times");
    lexer_.expect('{');
    const int line = lexer_.line();
    try {
      step.body = std::make_shared<Graph>(Parser(lexer_.block(), true).graph());
    } catch (const ValueError& error) {
      fail<ValueError>("graph text", fmt::format("in the loop of line {}: {}", line, error.what()));
    }
    graph_.fixed = true;
  }

  void kernel_step(Step& step) {
    step.kind = Record::Kind::kKernel;
    if (!step.op || !step.members.empty()) lexer_.fail_here("a kernel is one op's");
    step.kernel = kernel_of(*step.op);
    step.inputs_lack_rows.clear();
    step.outputs_lack_rows.clear();
    if (lexer_.take_word("with")) {
      step.attributes = static_cast<uint32_t>(graph_.attributes.size());
      lexer_.expect('(');
      do {
        attribute();
      } while (lexer_.take(','));
      lexer_.expect(')');
      step.attribute_count = static_cast<uint32_t>(graph_.attributes.size()) - step.attributes;
    }
    marks(step);
  }

  void tile_step(Step& step) {
    step.kind = Record::Kind::kTile;
    step.computed = dtype();
    lexer_.expect_word("over");
    const std::vector<Number> space = list();
    step.space_rank = static_cast<uint8_t>(space.size());
    step.space = append(space);
    if (lexer_.take_word("rows")) {
      for (const Number& dim : list()) {
        if (dim.value < 0 || dim.value >= step.space_rank) {
          lexer_.fail_here("a row dim that isn't there");
        }
        step.row_mask |= uint64_t{1} << dim.value;
      }
    }
    step.reversed_rows = lexer_.take_word("reversed");
    step.by_blocks = lexer_.take_word("by");
    if (step.by_blocks) lexer_.expect_word("blocks");
    marks(step);
    if (lexer_.take_word("scalars")) {
      lexer_.expect('(');
      do {
        step.scalars.push_back(static_cast<uint32_t>(graph_.scalars.size()));
        scalar();
      } while (lexer_.take(','));
      lexer_.expect(')');
    }
    if (lexer_.take_word("draw")) draw(step);
    program(step);
    for (size_t i = 0; i < step.outputs.size(); ++i) {
      step.outputs[i].broadcast = broadcast_of(step, step.outputs[i], step.outputs_lack_rows[i]);
    }
    for (size_t i = 0; i < step.inputs.size(); ++i) {
      step.inputs[i].broadcast = broadcast_of(step, step.inputs[i], step.inputs_lack_rows[i]);
    }
  }

  void marks(Step& step) {
    step.keeps_weight = lexer_.take_word("keeping");
    if (step.keeps_weight) {
      lexer_.expect_word("its");
      lexer_.expect_word("weight");
    }
    if (!lexer_.take_word("chain")) return;
    step.chain = static_cast<uint32_t>(lexer_.integer());
    lexer_.expect_word("of");
    lexer_.expect_word("fork");
    step.fork = static_cast<uint32_t>(lexer_.integer());
  }

  void draw(Step& step) {
    step.random = true;
    step.draw = static_cast<uint32_t>(graph_.scalars.size());
    lexer_.expect('(');
    graph_.scalars.emplace_back(lexer_.integer());
    lexer_.expect(',');
    graph_.scalars.emplace_back(lexer_.integer());
    lexer_.expect(')');
  }

  void program(Step& step) {
    if (lexer_.take('{')) {
      const int line = lexer_.line();
      try {
        step.program = tile::parse(lexer_.block());
      } catch (const ValueError& error) {
        fail<ValueError>("graph text", fmt::format("line {}: {}", line, error.what()));
      }
      return;
    }
    const int64_t variant = lexer_.take_word("variant") ? lexer_.integer() : 0;
    if (!step.op || !step.op->build_tile || variant < 0 || variant >= 16) {
      lexer_.fail_here(fmt::format("{} has no program {}", title_of(step), variant));
    }
    step.program = step.op->program(static_cast<int>(variant));
  }

  /// The dims of the space along which the operand repeats.
  uint16_t broadcast_of(const Step& step, const Operand& operand, bool lacks_rows) const {
    if (operand.value == kNoValue) return 0;
    const std::span<const int64_t> sizes = graph_.sizes_of(operand);
    size_t left = sizes.size();
    unsigned mask = 0;
    for (size_t i = step.space_rank; i-- > 0;) {
      const bool absent = lacks_rows && (step.row_mask >> i & 1);
      const int64_t size = absent || left == 0 ? 1 : sizes[--left];
      if (size == 1 && graph_.dims[step.space + i] != 1) mask |= 1u << i;
    }
    return static_cast<uint16_t>(mask);
  }

  void keep() {
    do {
      graph_.slots[slot_of(lexer_.value())].live = true;
    } while (lexer_.take(','));
  }

  bool per_row() {
    if (!lexer_.take_word("per")) return false;
    lexer_.expect_word("row");
    return true;
  }

  DType dtype() {
    const std::string_view name = lexer_.word();
    try {
      return dtype_from_name(name);
    } catch (const ValueError& error) {
      lexer_.fail_here(error.what());
    }
  }

  /// `[sizes]` or `[sizes; strides; offset]`; whether it is the former.
  bool layout(Operand& operand) {
    lexer_.expect('[');
    const std::vector<Number> sizes = numbers();
    operand.rank = static_cast<uint8_t>(sizes.size());
    operand.dims = append(sizes);
    for (const Number& size : sizes) {
      if (size.value < 0) lexer_.fail_here(fmt::format("a size of {}", size.value));
    }
    const bool whole = !lexer_.take(';');
    if (whole) {
      append(contiguous(sizes));
    } else {
      const std::vector<Number> strides = numbers();
      if (strides.size() != sizes.size()) lexer_.fail_here("as many strides as sizes are needed");
      append(strides);
      lexer_.expect(';');
    }
    append(whole ? std::vector<Number>(1) : std::vector<Number>{number()});
    lexer_.expect(']');
    return whole;
  }

  /// The strides of all of a storage, row-major.
  std::vector<Number> contiguous(const std::vector<Number>& sizes) {
    Shape shape;
    for (const Number& size : sizes) shape.push_back(size.value);
    count_elements("graph text", shape);
    const Shape strides = contiguous_strides(shape);
    std::vector<Number> result(sizes.size());
    Formula product{{{1, std::vector<uint8_t>(graph_.symbols.names.size())}}};
    for (size_t i = sizes.size(); i-- > 0;) {
      result[i].value = strides[i];
      const bool is_constant = product.terms.size() == 1 && product == constant(strides[i]);
      if (!is_constant) result[i].formula = product;
      const Formula factor = sizes[i].formula.value_or(constant(sizes[i].value));
      if (product.terms.size() * factor.terms.size() > kMostTerms) {
        lexer_.fail_here("sizes of too many terms");
      }
      product = times(product, factor);
    }
    return result;
  }
  Formula constant(int64_t value) const {
    return {{{value, std::vector<uint8_t>(graph_.symbols.names.size())}}};
  }

  std::vector<Number> list() {
    lexer_.expect('[');
    std::vector<Number> result = numbers();
    lexer_.expect(']');
    return result;
  }

  /// Up to a `]` or `;`.
  std::vector<Number> numbers() {
    std::vector<Number> result;
    if (lexer_.at(']') || lexer_.at(';')) return result;
    do {
      result.push_back(number());
      if (result.size() > kMostRank) lexer_.fail_here("too many dims");
    } while (lexer_.take(','));
    return result;
  }

  /// `12`, or a formula of named sizes.
  Number number() {
    Number number;
    Formula formula;
    bool has_names = false;
    int64_t sign = lexer_.take('-') ? -1 : 1;
    do {
      Formula::Term& term = formula.terms.emplace_back();
      term.coefficient = sign;
      term.powers.resize(graph_.symbols.names.size());
      do {
        has_names |= factor(term);
      } while (lexer_.take('*'));
      sign = lexer_.take('+') ? 1 : lexer_.take('-') ? -1 : 0;
    } while (sign != 0 && formula.terms.size() < kMostTerms);
    number.value = formula.value(graph_.symbols.sizes);
    if (has_names) number.formula = std::move(formula);
    return number;
  }

  /// A name, or a whole number; whether it is the former.
  bool factor(Formula::Term& term) {
    if (!lexer_.at_word()) {
      if (__builtin_mul_overflow(term.coefficient, lexer_.integer(), &term.coefficient)) {
        lexer_.fail_here("a coefficient that doesn't fit 64 bits");
      }
      return false;
    }
    const std::optional<size_t> name = name_number(lexer_.word());
    if (!name || ++term.powers[*name] > kMostPower) {
      lexer_.fail_here("expected a named size, in a low power");
    }
    return true;
  }

  std::optional<size_t> name_number(std::string_view word) const {
    const auto& names = graph_.symbols.names;
    const auto found = std::find(names.begin(), names.end(), word);
    if (found == names.end()) return std::nullopt;
    return static_cast<size_t>(found - names.begin());
  }

  /// `0.5`, `3i`, `0.5:1`, or a formula.
  void scalar() {
    const auto place = static_cast<uint32_t>(graph_.scalars.size());
    tile::Scalar64& scalar = graph_.scalars.emplace_back();
    if (const std::optional<Formula> formula = scalar_formula()) {
      const std::span<const int64_t> sizes = graph_.symbols.sizes;
      scalar = formula->reciprocal ? tile::Scalar64(formula->real(sizes))
                                   : tile::Scalar64(formula->value(sizes));
      graph_.symbols.scalars[place] = *formula;
      return;
    }
    const std::string_view word = lexer_.number();
    const std::optional<int64_t> integer = as_integer(word.substr(0, word.size() - 1));
    if (lexer_.take(':')) {
      const std::optional<double> real = as_real(word);
      if (!real) lexer_.fail_here(fmt::format("expected a number, got '{}'", word));
      scalar.real = *real;
      scalar.integer = lexer_.integer();
    } else if (word.back() == 'i' && integer) {
      scalar = tile::Scalar64(*integer);
    } else if (const std::optional<double> real = as_real(word)) {
      scalar = tile::Scalar64(*real);
    } else {
      lexer_.fail_here(fmt::format("expected a number, got '{}'", word));
    }
  }

  /// `{batch*time}`, `{1/(batch)}`.
  std::optional<Formula> scalar_formula() {
    if (!lexer_.take('{')) return std::nullopt;
    const bool reciprocal = lexer_.take_word("over");
    Formula formula = number().formula.value_or(constant(0));
    formula.reciprocal = reciprocal;
    lexer_.expect('}');
    return formula;
  }

  void attribute() {
    const auto place = static_cast<uint32_t>(graph_.attributes.size());
    if (lexer_.at('[')) {
      const std::vector<Number> sizes = list();
      Shape shape;
      for (uint32_t i = 0; i < sizes.size(); ++i) {
        shape.push_back(sizes[i].value);
        if (sizes[i].formula) graph_.symbols.attributes[{place, i}] = *sizes[i].formula;
      }
      graph_.attributes.emplace_back(shape);
    } else if (lexer_.at('{')) {
      const Formula formula = *scalar_formula();
      graph_.attributes.emplace_back(formula.value(graph_.symbols.sizes));
      graph_.symbols.attributes[{place, 0}] = formula;
    } else {
      graph_.attributes.push_back(constant_attribute());
    }
  }

  Attribute constant_attribute() {
    if (lexer_.at('"')) return Attribute(std::string_view(lexer_.quoted()));
    if (lexer_.take_word("none")) return {};
    if (lexer_.take_word("true")) return Attribute(true);
    if (lexer_.take_word("false")) return Attribute(false);
    if (lexer_.take_word("generator")) return Attribute(static_cast<Generator*>(nullptr));
    if (lexer_.take_word("scalar")) return scalar_attribute();
    if (lexer_.at_word() && !lexer_.at('i') && !lexer_.at('n')) return named_attribute();
    const std::string_view word = lexer_.number();
    if (const std::optional<int64_t> integer = as_integer(word)) return Attribute(*integer);
    if (const std::optional<double> real = as_real(word)) return Attribute(*real);
    return named(word);
  }

  Attribute named_attribute() { return named(lexer_.word()); }
  Attribute named(std::string_view word) {
    try {
      if (word == to_string(kCpu) || word == to_string(kMeta)) {
        return Attribute(device_from_string(word));
      }
      return Attribute(dtype_from_name(word));
    } catch (const Error& error) {
      lexer_.fail_here(error.what());
    }
  }

  Attribute scalar_attribute() {
    lexer_.expect('(');
    Attribute result;
    if (lexer_.take_word("true")) {
      result = Attribute(Scalar(true));
    } else if (lexer_.take_word("false")) {
      result = Attribute(Scalar(false));
    } else {
      const std::string_view word = lexer_.number();
      if (const std::optional<int64_t> integer = as_integer(word)) {
        result = Attribute(Scalar(*integer));
      } else if (const std::optional<double> real = as_real(word)) {
        result = Attribute(Scalar(*real));
      } else {
        result = complex(word);
      }
    }
    lexer_.expect(')');
    return result;
  }

  /// `1.5-2i`: the sign of the imaginary part is the last one that no exponent has.
  Attribute complex(std::string_view word) {
    size_t sign = word.find_last_of("+-");
    while (sign != std::string_view::npos && sign > 0 && word[sign - 1] == 'e') {
      sign = word.find_last_of("+-", sign - 1);
    }
    if (sign != std::string_view::npos && sign > 0 && word.back() == 'i') {
      const size_t digits = word[sign] == '+' ? sign + 1 : sign;
      const auto real = as_real(word.substr(0, sign));
      const auto imaginary = as_real(word.substr(digits, word.size() - 1 - digits));
      if (real && imaginary) return Attribute(Scalar(std::complex<double>(*real, *imaginary)));
    }
    lexer_.fail_here(fmt::format("expected a number, got '{}'", word));
  }

  uint32_t slot_of(uint32_t value) {
    const auto found = slots_.find(value);
    if (found == slots_.end()) lexer_.fail_here(fmt::format("%{} isn't made before", value));
    return found->second;
  }
  bool same_sizes(const Operand& operand, const GraphSlot& slot) const {
    const auto a = graph_.sizes_of(operand), b = graph_.sizes_of(slot);
    return std::equal(a.begin(), a.end(), b.begin(), b.end()) && operand.dtype == slot.dtype;
  }
  uint32_t append(const std::vector<Number>& numbers) {
    const auto place = static_cast<uint32_t>(graph_.dims.size());
    for (const Number& number : numbers) {
      if (number.formula) {
        graph_.symbols.dims[static_cast<uint32_t>(graph_.dims.size())] = *number.formula;
      }
      graph_.dims.push_back(number.value);
    }
    return place;
  }

  Lexer lexer_;
  Graph graph_;
  std::unordered_map<uint32_t, uint32_t> slots_;  // of each value
  bool is_new_ = false;                           // the last result is of a new storage
  bool in_loop_;                                  // it is the text of a loop's body
};

}  // namespace

Graph Graph::parse(std::string_view text) {
  Graph graph = Parser(text).graph();
  verify(graph);
  return graph;
}

}  // namespace tenon::graph
