#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "tenon/dispatch/op_def.h"
#include "tenon/graph/passes/passes.h"
#include "tenon/graph/passes/uses.h"

namespace tenon::graph {
namespace {

// The arguments that conv2d_block and its kin have behind those of conv2d.
constexpr size_t kXWidth = 0, kYWidth = 1;
constexpr size_t kRelu = 2, kEps = 3;
// Inputs of the gradients, and of conv2d_block: behind its bias come a batch norm's four.
constexpr size_t kDy = 0, kX = 1, kPlaces = 2, kResult = 3;
constexpr size_t kNorm = 3, kBlockInputs = 7;

bool is(const Step& step, OpId op) {
  return step.op == &op_definition(op) && step.members.empty() && !step.random;
}

bool all_are(const Attribute& list, int64_t number) {
  const auto numbers = list.as<IntList>();
  return std::all_of(numbers.begin(), numbers.end(), [&](int64_t n) { return n == number; });
}

/// Makes blocks of convolutions and what is around them (ops/conv/conv2d_block.cpp).
class Convolutions {
 public:
  explicit Convolutions(Graph& graph) : graph_(graph), uses_(graph) {}

  void run() {
    join(&Convolutions::join_norm);
    join(&Convolutions::join_relu);
    join(&Convolutions::join_pool);
    join(&Convolutions::join_mask);
    look_around();
    choose_layouts();
  }

 private:
  /// Calls `rule` for each step; it marks those that are left out.
  void join(bool (Convolutions::*rule)(size_t)) {
    look_around();
    for (size_t i = 0; i < graph_.steps.size(); ++i) {
      if (!left_out_[i] && (this->*rule)(i)) changed_ = true;
    }
    size_t at = 0;
    std::erase_if(graph_.steps, [&](const Step&) { return left_out_[at++]; });
  }

  void look_around() {
    left_out_.assign(graph_.steps.size(), false);
    uses_ = Uses(graph_);
  }

  /// The step that makes the value, where its op is `op`; null otherwise.
  Step* made_by(const Operand& value, OpId op) {
    const std::optional<size_t> writer = uses_.writer_of(value);
    return writer && is(graph_.steps[*writer], op) ? &graph_.steps[*writer] : nullptr;
  }

  bool is_images(const Operand& value) const {
    return value.rank == 4 && (value.dtype == kFloat32 || value.dtype == kBFloat16);
  }
  const Attribute& attribute(const Step& step, size_t i) const {
    return graph_.attributes[step.attributes + i];
  }
  /// Whether an argument of conv2d or a gradient says that there is one group.
  bool has_one_group(const Step& step) const {
    return attribute(step, step.attribute_count - 1).as<int64_t>() == 1;
  }

  void become(Step& step, OpId op, std::vector<Attribute> constants) {
    step.op = &op_definition(op);
    step.kernel = kernel_of(*step.op);
    step.constants = std::move(constants);
  }

  void become_block(Step& conv) {
    become(conv, OpId::kConv2dBlock,
           {Attribute(int64_t{0}), Attribute(int64_t{0}), Attribute(false), Attribute(0.0)});
    conv.inputs.resize(kBlockInputs);
  }

  void become_gradient(Step& step, OpId op, size_t inputs) {
    become(step, op, {Attribute(int64_t{0}), Attribute(int64_t{0})});
    step.inputs.resize(inputs);
  }

  // Rules.

  /// A convolution whose result `z` nobody but step `reader` looks at, and all of it; null where
  /// there is none.
  Step* convolution_of(const Operand& z, size_t reader) {
    Step* conv = made_by(z, OpId::kConv2d);
    if (!conv) conv = made_by(z, OpId::kConv2dBlock);
    if (!conv || !is_images(z) || !has_one_group(*conv)) return nullptr;
    const bool is_own = uses_.is_inner(z) && uses_.is_read_by(z, reader) && uses_.is_read_whole(z);
    return is_own ? conv : nullptr;
  }

  /// batch_norm(conv2d(x)) by numbers that are there.
  bool join_norm(size_t i) {
    Step& norm = graph_.steps[i];
    if (!is(norm, OpId::kBatchNormInference) || norm.scalars.size() != 1) return false;
    const Operand &z = norm.inputs[0], &y = norm.outputs[0];
    Step* const conv = convolution_of(z, i);
    // Halves of weights that are scaled would lose digits.
    if (!conv || !is(*conv, OpId::kConv2d) || z.dtype != kFloat32 || y.dtype != kFloat32 ||
        !uses_.is_only_value(y)) {
      return false;
    }
    const size_t position = static_cast<size_t>(conv - graph_.steps.data());
    for (size_t k = 1; k < 5; ++k) {
      if (!is_of_channels(norm.inputs[k], z) || is_written_after(norm.inputs[k], position)) {
        return false;
      }
    }
    become_block(*conv);
    for (size_t k = 0; k < 4; ++k) conv->inputs[kNorm + k] = norm.inputs[k + 1];
    conv->constants.erase(conv->constants.begin() + kEps);
    conv->scalars = norm.scalars;
    conv->outputs[0] = y;
    left_out_[i] = true;
    return true;
  }

  /// One number for each channel of `images`, or left out.
  bool is_of_channels(const Operand& operand, const Operand& images) const {
    if (operand.value == kNoValue) return true;
    const auto sizes = graph_.sizes_of(operand);
    return operand.dtype == images.dtype && operand.rank == 4 && sizes[0] == 1 &&
           sizes[1] == graph_.sizes_of(images)[1] && sizes[2] == 1 && sizes[3] == 1;
  }

  /// Whether the value isn't there yet at the step of this number.
  bool is_written_after(const Operand& operand, size_t step) const {
    const std::optional<size_t> writer = uses_.writer_of(operand);
    return writer && *writer >= step;
  }

  /// relu(conv2d(x)), batch norm between them or not.
  bool join_relu(size_t i) {
    Step& relu = graph_.steps[i];
    if (!is(relu, OpId::kRelu)) return false;
    const Operand &z = relu.inputs[0], &y = relu.outputs[0];
    Step* const conv = convolution_of(z, i);
    if (!conv || y.dtype != z.dtype || !uses_.is_only_value(y)) return false;
    if (is(*conv, OpId::kConv2d)) become_block(*conv);
    conv->constants[kRelu] = Attribute(true);
    conv->outputs[0] = y;
    left_out_[i] = true;
    return true;
  }

  /// A gradient that comes back through a pooling and a relu: the steps between, and who reads it.
  struct WayBack {
    Operand dy, places;
    std::vector<size_t> steps;
    std::vector<Reader> readers;
  };

  /// max_pool2d_backward and relu_backward, from the former on; nothing where somebody else looks
  /// at what is between.
  std::optional<WayBack> way_back(size_t pool, const Operand& pooled) {
    const Step& unpool = graph_.steps[pool];
    if (!is(unpool, OpId::kMaxPool2dBackward)) return {};
    const Operand& dr = unpool.outputs[0];
    if (!uses_.is_constant(unpool.inputs[0]) || !uses_.is_inner(dr) ||
        uses_.readers_of(dr).size() != 1 || !uses_.is_read_whole(dr))
      return {};
    const Reader next = uses_.readers_of(dr)[0];
    const Step& mask = graph_.steps[next.step];
    if (!is(mask, OpId::kReluBackward) || next.input != 0 || mask.inputs[1].value != pooled.value) {
      return {};
    }
    const Operand& dz = mask.outputs[0];
    if (!uses_.is_inner(dz) || dz.dtype != pooled.dtype || !uses_.is_read_whole(dz)) return {};
    WayBack way{unpool.inputs[0], unpool.inputs[1], {pool, next.step}, uses_.readers_of(dz)};
    for (const Reader& reader : way.readers) {
      const Step& step = graph_.steps[reader.step];
      const bool is_gradient =
          is(step, OpId::kConv2dBackwardInput) || is(step, OpId::kConv2dBackwardWeight);
      if (!is_gradient || reader.input != kDy) return {};
    }
    return way;
  }

  /// The largest of each 2 x 2 of a relu(conv2d(x)) that nobody else looks at, and its gradient.
  bool join_pool(size_t i) {
    Step& pool = graph_.steps[i];
    if (!is(pool, OpId::kMaxPool2dWithIndices) || !is_pairs(pool)) return false;
    const Operand r = pool.inputs[0];
    Step* const conv = made_by(r, OpId::kConv2dBlock);
    if (!conv || !conv->constants[kRelu].as<bool>() || !uses_.is_inner(r) ||
        !uses_.is_read_whole(r)) {
      return false;
    }
    const Operand &values = pool.outputs[0], &places = pool.outputs[1];
    if (!uses_.is_only_value(values) || !uses_.is_inner(places) || !uses_.is_read_whole(places))
      return false;
    std::vector<WayBack> ways;
    for (const Reader& reader : uses_.readers_of(places)) {
      std::optional<WayBack> way = way_back(reader.step, r);
      if (!way) return false;
      ways.push_back(std::move(*way));
    }
    if (uses_.readers_of(r).size() != 1 + ways.size()) return false;
    for (uint32_t k = 0; k < pool.attribute_count; ++k) {
      graph_.assumed_attributes.emplace_back(pool.attributes + k, attribute(pool, k));
    }
    std::vector<Attribute> constants = {Attribute(int64_t{0})};
    if (conv->scalars.empty()) constants.emplace_back(0.0);
    become(*conv, OpId::kConv2dBlockPool, std::move(constants));
    conv->outputs = pool.outputs;
    conv->outputs[1].dtype = kUInt8;
    graph_.slots[places.slot].dtype = kUInt8;
    left_out_[i] = true;
    for (const WayBack& way : ways) {
      for (const size_t step : way.steps) left_out_[step] = true;
      for (const Reader& reader : way.readers) read_pooled(graph_.steps[reader.step], way);
    }
    return true;
  }

  bool is_pairs(const Step& pool) const {
    const Attribute& stride = attribute(pool, 1);
    return all_are(attribute(pool, 0), 2) && all_are(stride, 2) && all_are(attribute(pool, 2), 0) &&
           all_are(attribute(pool, 3), 1) && !attribute(pool, 4).as<bool>();
  }

  void read_pooled(Step& gradient, const WayBack& way) {
    if (is(gradient, OpId::kConv2dBackwardInput)) {
      become_gradient(gradient, OpId::kConv2dBlockBackwardInput, 4);
    } else {
      become_gradient(gradient, OpId::kConv2dBlockBackwardWeight, 3);
    }
    gradient.inputs[kDy] = way.dy;
    gradient.inputs[kPlaces] = way.places;
    gradient.inputs[kPlaces].dtype = kUInt8;
  }

  /// relu_backward of a convolution's gradient, by the relu's result, which the convolution read.
  bool join_mask(size_t i) {
    Step& mask = graph_.steps[i];
    if (!is(mask, OpId::kReluBackward)) return false;
    const Operand &dr = mask.inputs[0], &r = mask.inputs[1], &dz = mask.outputs[0];
    Step* gradient = made_by(dr, OpId::kConv2dBlockBackwardInput);
    if (!gradient) gradient = made_by(dr, OpId::kConv2dBackwardInput);
    if (!gradient || !is_images(dr) || !has_one_group(*gradient)) return false;
    if (!uses_.is_inner(dr) || !uses_.is_read_by(dr, i) || !uses_.is_read_whole(dr) ||
        !uses_.is_only_value(dz)) {
      return false;
    }
    const std::optional<size_t> r_writer = uses_.writer_of(r);
    if (r.dtype != dr.dtype || dz.dtype != dr.dtype || !uses_.is_only_value(r) ||
        r.rank != dr.rank || !r_writer || r_writer > uses_.writer_of(dr) || !same_sizes(r, dr)) {
      return false;
    }
    if (is(*gradient, OpId::kConv2dBackwardInput)) {
      become_gradient(*gradient, OpId::kConv2dBlockBackwardInput, 4);
    }
    gradient->inputs[kResult] = r;
    gradient->outputs[0] = dz;
    graph_.assumed.push_back({r.dims, dr.dims, r.rank});
    left_out_[i] = true;
    return true;
  }

  bool same_sizes(const Operand& a, const Operand& b) const {
    const auto x = graph_.sizes_of(a), y = graph_.sizes_of(b);
    return std::equal(x.begin(), x.end(), y.begin(), y.end());
  }

  // Layouts.

  /// The argument of the step that says how this input lies; nothing where the input must be
  /// row-major.
  std::optional<size_t> width_of_input(const Step& step, size_t input) const {
    if (is(step, OpId::kConv2dBlock) || is(step, OpId::kConv2dBlockPool)) {
      return input == 0 ? std::optional(kXWidth) : std::nullopt;
    }
    const bool to_images = is(step, OpId::kConv2dBlockBackwardInput);
    if (!to_images && !is(step, OpId::kConv2dBlockBackwardWeight)) return {};
    if (input == kDy && step.inputs[kPlaces].value == kNoValue) return kYWidth;
    if (to_images && input == kResult) return kXWidth;
    return !to_images && input == kX ? std::optional(kXWidth) : std::nullopt;
  }

  std::optional<size_t> width_of_output(const Step& step) const {
    if (is(step, OpId::kConv2dBlock)) return kYWidth;
    return is(step, OpId::kConv2dBlockBackwardInput) ? std::optional(kXWidth) : std::nullopt;
  }

  /// Convolutions and gradients that nothing was joined to can take blocks, too.
  void generalize(Step& step) {
    if (step.kind != Record::Kind::kKernel || step.inputs.empty() || !is_images(step.inputs[0])) {
      return;
    }
    if (is(step, OpId::kConv2d) && has_one_group(step)) {
      become_block(step);
    } else if (is(step, OpId::kConv2dBackwardInput) && has_one_group(step)) {
      become_gradient(step, OpId::kConv2dBlockBackwardInput, 4);
    } else if (is(step, OpId::kConv2dBackwardWeight) && has_one_group(step)) {
      become_gradient(step, OpId::kConv2dBlockBackwardWeight, 3);
    }
  }

  /// Images that convolutions hand to one another stay as their kernels have them.
  void choose_layouts() {
    if (!changed_) return;
    for (Step& step : graph_.steps) generalize(step);
    std::set<uint32_t> chosen;
    for (const Step& step : graph_.steps) {
      if (can_be_blocks(step)) chosen.insert(step.outputs[0].value);
    }
    drop_unequal(chosen);
    for (Step& step : graph_.steps) set_widths(step, chosen);
  }

  bool can_be_blocks(const Step& writer) const {
    if (!width_of_output(writer)) return false;
    const Operand& output = writer.outputs[0];
    if (!is_images(output) || !uses_.is_inner(output) || width_of(output) == 0 ||
        !uses_.is_read_whole(output)) {
      return false;
    }
    const std::vector<Reader>& readers = uses_.readers_of(output);
    return std::all_of(readers.begin(), readers.end(), [&](const Reader& reader) {
      return width_of_input(graph_.steps[reader.step], reader.input).has_value();
    });
  }

  /// A gradient's result and the relu's that it is masked with lie alike.
  void drop_unequal(std::set<uint32_t>& chosen) const {
    for (size_t before = chosen.size() + 1; before != chosen.size();) {
      before = chosen.size();
      for (const Step& step : graph_.steps) {
        if (!is(step, OpId::kConv2dBlockBackwardInput)) continue;
        const uint32_t result = step.inputs[kResult].value, dx = step.outputs[0].value;
        if (result == kNoValue || chosen.contains(result) == chosen.contains(dx)) continue;
        chosen.erase(result);
        chosen.erase(dx);
      }
    }
  }

  void set_widths(Step& step, const std::set<uint32_t>& chosen) const {
    const auto set = [&](const Operand& operand, std::optional<size_t> argument) {
      if (argument && chosen.contains(operand.value)) {
        step.constants[*argument] = Attribute(width_of(operand));
      }
    };
    for (size_t k = 0; k < step.inputs.size(); ++k) set(step.inputs[k], width_of_input(step, k));
    if (!step.outputs.empty()) set(step.outputs[0], width_of_output(step));
  }

  /// Channels that lie together: 16 floats are a vector; matrix units multiply all channels of
  /// halves at a place. 0: no blocks.
  int64_t width_of(const Operand& images) const {
    const int64_t channels = graph_.sizes_of(images)[1];
    if (channels == 0 || channels % 16 != 0) return 0;
    return images.dtype == kFloat32 ? 16 : channels;
  }

  Graph& graph_;
  bool changed_ = false;
  std::vector<bool> left_out_;
  Uses uses_;
};

}  // namespace

void join_convolutions(Graph& graph) { Convolutions(graph).run(); }

}  // namespace tenon::graph
