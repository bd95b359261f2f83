// Passes that machine code does the arithmetic of.
#include <algorithm>
#include <array>

#include "tenon/backends/cpu/tile/runner.h"

namespace tenon::cpu {

void Runner::run_code(const PassCode& code, jit::PassFunction function, const Group& group,
                      char* states) {
  const size_t tile_bytes = static_cast<size_t>(plan_.longest) * plan_.width;
  for (const Step& step : code.before) run_step(step, group, states);
  for (const PassCode::Buffered& value : code.buffered) {
    values_[value.value] = buffers_ + value.place * tile_bytes;
  }
  alignas(kCacheLine) std::array<char, PassCode::kMostReductions * jit::kLaneBytes> lanes;
  fill_places(code, lanes.data());
  if (code.by_rows) {
    call_by_rows(code, function);
  } else {
    call_code(code, function, lanes.data(), states);
  }
  for (const Step& step : code.after) run_step(step, group, states);
  for (const StoreStep& store : code.stores) run_store(store);
  streamed_ |= code.streams;
}

void Runner::fill_places(const PassCode& code, char* lanes) {
  places_.clear();
  const auto place_of = [this](const PassCode::Port& port) {
    return port.view < 0 ? values_[port.value] : address(static_cast<size_t>(port.view));
  };
  for (const PassCode::Port& port : code.inputs) places_.push_back(place_of(port));
  for (const PassCode::Port& port : code.outputs) places_.push_back(place_of(port));
  for (size_t k = 0; k < code.reductions.size(); ++k) {
    places_.push_back(lanes + k * jit::kLaneBytes);
  }
  const size_t ahead = code.flat ? PassCode::kFlatFetchBytes : 0;
  for (const uint16_t input : code.fetches) {
    const size_t next = ahead != 0 ? ahead : tile_.count * code.inputs[input].element_size;
    places_.push_back(places_[input] + next);
  }
}

void Runner::call_code(const PassCode& code, jit::PassFunction function, char* lanes,
                       char* states) {
  for (size_t left = tile_.count; left > 0;) {
    const size_t count = std::min(left, code.most);
    function(places_.data(), count);
    for (size_t k = 0; k < code.reductions.size(); ++k) {
      const Step& step = code.reductions[k];
      plan_.kernels->join_lanes[reduction_number(step.op)](
          lanes + k * jit::kLaneBytes, states + step.slot * kStateFields * plan_.row_bytes);
    }
    left -= count;
    if (left == 0) return;
    size_t place = 0;
    for (const PassCode::Port& port : code.inputs) places_[place++] += count * port.element_size;
    for (const PassCode::Port& port : code.outputs) places_[place++] += count * port.element_size;
    place += code.reductions.size();
    for (const uint16_t input : code.fetches) {
      places_[place++] += count * code.inputs[input].element_size;
    }
  }
}

void Runner::call_by_rows(const PassCode& code, jit::PassFunction function) {
  InlineVector<int64_t, 24> steps;  // of each place, from row to row
  const auto add_step = [&](const PassCode::Port& port) {
    const View* view = port.view < 0 ? nullptr : &space_.views[static_cast<size_t>(port.view)];
    steps.push_back(view ? view->strides[space_.down()] * view->element_size : 0);
  };
  for (const PassCode::Port& port : code.inputs) add_step(port);
  for (const PassCode::Port& port : code.outputs) add_step(port);
  for (const uint16_t input : code.fetches) steps.push_back(steps[input]);
  for (int64_t row = 0;;) {
    function(places_.data(), static_cast<size_t>(tile_.columns));
    if (++row == tile_.rows) return;
    for (size_t i = 0; i < steps.size(); ++i) places_[i] += steps[i];
  }
}

void Runner::run_flat(const Group& group, int64_t begin, int64_t end) {
  seek(group, 0);
  tile_.across = begin;
  tile_.columns = end - begin;
  tile_.count = static_cast<size_t>(tile_.columns);
  run_code(plan_.codes[0], codes_[0], group, nullptr);
}

}  // namespace tenon::cpu
