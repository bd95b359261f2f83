#include "tenon/backends/cpu/tile/pass_code.h"

#include <algorithm>
#include <optional>

#include "tenon/backends/cpu/tile/plan.h"

namespace tenon::cpu {
namespace {

using jit::PassForm;
using jit::VectorSet;
using tile::Family;
using tile::Op;

constexpr uint16_t kNone = 0xffff;
constexpr uint16_t kStepBit = 0x8000;  // of a value's number, while inputs are still being counted

class Splitter {
 public:
  Splitter(const Plan& plan, size_t pass, std::span<const char> is_scalar)
      : plan_(plan), pass_(plan.passes[pass]), is_scalar_(is_scalar) {}

  /// False when the interpreter has to do the pass.
  bool split(VectorSet set, PassCode& code, PassForm& form) {
    code_ = &code;
    form_ = &form;
    form.set = set;
    code.by_rows = goes_by_rows();
    numbers_.assign(plan_.program.instructions().size(), kNone);
    for (uint32_t k = pass_.step_begin; k < pass_.step_end; ++k) {
      if (!take_step(plan_.steps[k])) return false;
    }
    for (uint32_t k = pass_.store_begin; k < pass_.store_end; ++k) take_store(plan_.stores[k]);
    if (form.steps.empty()) return false;
    number_steps_behind_inputs();
    if (!form.reductions.empty()) code.most = kSumRun * jit::lanes_of(set);
    code.flat = is_flat();
    return true;
  }

 private:
  static constexpr size_t kSumRun =
      64;  // vectors that the interpreter adds before it goes on in double

  /// Whether some operand lies in rows that are no piece together, and all of them in rows that the
  /// code can be called with.
  bool goes_by_rows() const {
    const Space& space = plan_.space;
    if (plan_.schedule->needs_row || space.column_mode || space.tile_rows == 1) return false;
    bool any = false;
    for (uint32_t k = pass_.step_begin; k < pass_.step_end; ++k) {
      const Step& step = plan_.steps[k];
      if (step.action == Action::kElementwise || step.action == Action::kTernary) continue;
      if (step.action == Action::kRepeat) continue;
      const bool is_load = step.action == Action::kPoint || step.action == Action::kConvert ||
                           step.action == Action::kGather;
      if (!is_load) return false;
      const View& view = plan_.input(step.slot);
      const int64_t across = view.strides[space.across()];
      if (across == 0 ? view.dtype != kFloat32 : across != 1 || !jit::can_load(view.dtype)) {
        return false;
      }
      any |= step.action == Action::kGather;
    }
    for (uint32_t k = pass_.store_begin; k < pass_.store_end; ++k) {
      const StoreStep& store = plan_.stores[k];
      const View& view = plan_.space.views[store.view];
      if (store.scalar || view.strides[space.across()] != 1 || !jit::can_store(view.dtype)) {
        return false;
      }
      any |= !store.contiguous;
    }
    return any;
  }

  bool take_step(const Step& step) {
    switch (step.action) {
      case Action::kGather:
        if (!code_->by_rows) return take_before(step);
        numbers_[step.value] = add_view_input(step);
        return true;
      case Action::kPoint:
        loads_.push_back(&step);
        numbers_[step.value] = add_view_input(step);
        return true;
      case Action::kConvert:
        if (!jit::can_load(plan_.input(step.slot).dtype)) return take_before(step);
        numbers_[step.value] = add_view_input(step);
        break;
      case Action::kElementwise:
      case Action::kTernary:
        if (!jit::can_compute(step.op)) return false;
        take_arithmetic(step);
        break;
      case Action::kReduce:
        take_reduction(step);
        return true;
      case Action::kScan:
        return false;
      default:
        return take_before(step);
    }
    if (step.kept) add_output(step.value, {step.value});
    return true;
  }

  bool take_before(const Step& step) {
    Step& copy = code_->before.emplace_back(step);
    copy.in_place = copy.fetches = false;
    if (!copy.kept) copy.place = code_->places++;
    return true;
  }

  void take_arithmetic(const Step& step) {
    const int arity = info_of(step.op).arity;
    jit::PassStep made{.op = step.op, .a = number_of(step.a)};
    if (arity > 1) made.b = number_of(step.b);
    if (arity > 2) made.c = number_of(step.c);
    numbers_[step.value] = static_cast<uint16_t>(kStepBit | form_->steps.size());
    form_->steps.push_back(made);
  }

  void take_reduction(const Step& step) {
    const bool in_lanes =
        step.op == Op::kRowSum || step.op == Op::kRowMax || step.op == Op::kRowMin;
    if (in_lanes && !plan_.space.column_mode &&
        form_->reductions.size() < PassCode::kMostReductions) {
      form_->reductions.push_back({step.op, number_of(step.a)});
      code_->reductions.push_back(step);
    } else {
      put_in_memory(step.a);
      code_->after.push_back(step);
    }
  }

  void take_store(const StoreStep& store) {
    const View& view = plan_.space.views[store.view];
    if (!code_->by_rows && (!store.contiguous || !jit::can_store(view.dtype))) {
      put_in_memory(store.value);
      code_->stores.push_back(store);
      code_->stores.back().in_place = false;
      return;
    }
    add_output(store.value, {store.value, static_cast<int16_t>(store.view),
                             static_cast<uint8_t>(view.element_size)});
    form_->outputs.back().dtype = view.dtype;
    form_->outputs.back().stream = store.stream;
    code_->streams |= store.stream;
  }

  uint16_t add_view_input(const Step& load) {
    const View& view = plan_.input(load.slot);
    const bool repeated = view.strides[plan_.space.across()] == 0 && plan_.space.tile_columns > 1;
    if (load.fetches) code_->fetches.push_back(static_cast<uint16_t>(form_->inputs.size()));
    form_->inputs.push_back({view.dtype, repeated, load.fetches});
    code_->inputs.push_back({load.value, static_cast<int16_t>(load.slot),
                             static_cast<uint8_t>(repeated ? 0 : view.element_size)});
    return static_cast<uint16_t>(form_->inputs.size() - 1);
  }

  /// Of a value that the code has, or finds where the interpreter put it.
  uint16_t number_of(uint16_t value) {
    if (numbers_[value] != kNone) return numbers_[value];
    const bool scalar = is_scalar_[value];
    jit::PassInput& input = form_->inputs.emplace_back();
    input.repeated = scalar;
    const tile::Instruction& made = plan_.program.instructions()[value];
    if (made.op == Op::kConstant) input.constant = static_cast<float>(made.constant);
    code_->inputs.push_back({value, -1, static_cast<uint8_t>(scalar ? 0 : 4)});
    return numbers_[value] = static_cast<uint16_t>(form_->inputs.size() - 1);
  }

  void add_output(uint16_t value, PassCode::Port port) {
    form_->outputs.push_back({.value = number_of(value)});
    code_->outputs.push_back(port);
  }

  /// Sees to it that the interpreter finds the value after the code.
  void put_in_memory(uint16_t value) {
    if (numbers_[value] == kNone) return;
    const PassCode::Port* input = nullptr;
    for (const PassCode::Port& port : code_->inputs) {
      if (port.value == value) input = &port;
    }
    if (input != nullptr && input->view < 0) return;
    for (const PassCode::Port& port : code_->outputs) {
      if (port.value == value && port.view < 0) return;
    }
    for (const Step* load : loads_) {
      if (load->value != value) continue;
      code_->before.push_back(*load);  // which only notes the address
      code_->before.back().fetches = false;
      return;
    }
    const bool scalar = is_scalar_[value];
    add_output(value, {value, -1, static_cast<uint8_t>(scalar ? 0 : 4)});
    form_->outputs.back().once = scalar;
    code_->buffered.push_back({value, code_->places++});
  }

  void number_steps_behind_inputs() {
    const auto fix = [inputs = form_->inputs.size()](uint16_t& number) {
      if ((number & kStepBit) != 0) number = static_cast<uint16_t>((number & ~kStepBit) + inputs);
    };
    for (jit::PassStep& step : form_->steps) {
      fix(step.a);
      fix(step.b);
      fix(step.c);
    }
    for (jit::PassOutput& output : form_->outputs) fix(output.value);
    for (jit::PassReduction& reduction : form_->reductions) fix(reduction.value);
  }

  bool is_flat() const {
    const Space& space = plan_.space;
    return !plan_.schedule->needs_row && space.rank == 2 && space.sizes[space.down()] == 1 &&
           code_->buffered.empty() && code_->stores.empty() &&
           std::all_of(code_->before.begin(), code_->before.end(),
                       [](const Step& step) { return step.action == Action::kRepeat; });
  }

  const Plan& plan_;
  const PassPlan& pass_;
  std::span<const char> is_scalar_;
  PassCode* code_ = nullptr;
  PassForm* form_ = nullptr;
  std::vector<uint16_t> numbers_;   ///< of each value, in the form
  std::vector<const Step*> loads_;  ///< whose tiles lie ready in memory
};

}  // namespace

std::vector<PassCode> make_pass_codes(const Plan& plan, std::span<const char> is_scalar) {
  const std::optional<VectorSet> set = jit::vector_set(plan.table->name);
  std::vector<PassCode> codes;
  if (!set || plan.compute != tile::Compute::kF32 || plan.flat) return codes;
  bool any = false;
  for (size_t pass = 0; pass < plan.passes.size(); ++pass) {
    PassCode code;
    PassForm form;
    if (Splitter(plan, pass, is_scalar).split(*set, code, form)) {
      code.entry = jit::find_entry(form);
      any = true;
    } else {
      code = {};
    }
    codes.push_back(std::move(code));
  }
  if (!any) codes.clear();
  return codes;
}

}  // namespace tenon::cpu
