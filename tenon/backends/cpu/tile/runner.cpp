#include "tenon/backends/cpu/tile/runner.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "tenon/backends/cpu/tile/accumulate.h"
#include "tenon/backends/cpu/tile/strided.h"

namespace tenon::cpu {

using tile::Compute;
using tile::Kind;
using tile::Op;
using tile::Schedule;

/// Scratch memory of a thread, grown to the largest plan it has run.
struct Runner::Arena {
  char* memory = nullptr;
  size_t size = 0;
  std::vector<char*> data, values, places;
  std::vector<int64_t> offsets;

  ~Arena() { release(); }
  void release() {
    if (memory != nullptr) ::operator delete (memory, std::align_val_t{64});
    memory = nullptr;
    size = 0;
  }
  char* reserve(size_t bytes) {
    if (bytes > size) {
      release();
      memory = static_cast<char*>(::operator new (bytes, std::align_val_t{64}));
      size = bytes;
    }
    return memory;
  }
};

Runner::Arena& Runner::arena() {
  static thread_local Arena instance;
  return instance;
}

namespace {

unsigned full_mask(Op op) { return (1u << info_of(op).arity) - 1; }

template <class Visitor>
void visit_class(Compute compute, void* out, Visitor&& visitor) {
  switch (compute) {
    case Compute::kF32:
      return visitor(static_cast<float*>(out));
    case Compute::kF64:
      return visitor(static_cast<double*>(out));
    case Compute::kI64:
      return visitor(static_cast<int64_t*>(out));
    case Compute::kU64:
      return visitor(static_cast<uint64_t*>(out));
  }
}

}  // namespace

size_t group_bytes(const Plan& plan) {
  const auto rows = static_cast<size_t>(plan.schedule->row_count);
  const size_t bytes = rows * (plan.row_bytes + plan.expanded_bytes) + plan.carry_bytes +
                       plan.schedule->kept.size() * plan.kept_bytes;
  return bytes + 4 * 64;  // each part starts on a cache line
}

void place_group(const Plan& plan, int64_t index, char* memory, Group& group) {
  const Space& space = plan.space;
  const auto rows = static_cast<size_t>(plan.schedule->row_count);
  const auto take = [&memory](size_t bytes) {
    char* part = memory;
    memory += (bytes + 63) / 64 * 64;
    return part;
  };
  group.rows = take(rows * plan.row_bytes);
  group.expanded = take(rows * plan.expanded_bytes);
  group.carry = take(plan.carry_bytes);
  group.kept = memory;
  group.columns = 1;
  group.offsets.resize(space.views.size());
  for (int64_t& offset : group.offsets) offset = 0;
  int64_t rest = index;
  if (space.column_mode) {
    const int64_t block = rest % space.column_blocks;
    rest /= space.column_blocks;
    const int64_t first = block * space.tile_columns;
    const int64_t left = space.sizes[space.across()] - first;
    group.columns = static_cast<size_t>(std::min(space.tile_columns, left));
    for (size_t v = 0; v < space.views.size(); ++v) {
      group.offsets[v] += first * space.views[v].strides[space.across()];
    }
  }
  for (int dim = space.group_rank; dim-- > 0 && rest != 0;) {
    const int64_t at = rest % space.sizes[dim];
    rest /= space.sizes[dim];
    for (size_t v = 0; v < space.views.size(); ++v) {
      group.offsets[v] += at * space.views[v].strides[dim];
    }
  }
}

Runner::Runner(const Run& run, size_t bytes) : Runner(run, bytes, arena()) {}

Runner::Runner(const Run& run, size_t bytes, Arena& arena)
    : launch_(*run.launch),
      plan_(*run.plan),
      space_(plan_.space),
      schedule_(*plan_.schedule),
      codes_(run.codes),
      code_(plan_.program.instructions()),
      data_(arena.data),
      values_(arena.values),
      places_(arena.places),
      outer_offsets_(arena.offsets) {
  const size_t tile_bytes = static_cast<size_t>(plan_.longest) * plan_.width;
  const size_t buffers = tile_bytes * static_cast<size_t>(plan_.buffer_count);
  const size_t raw = static_cast<size_t>(plan_.longest) * 8;
  buffers_ = arena.reserve(buffers + 2 * raw + bytes);
  raw_ = buffers_ + buffers;
  full_ = raw_ + raw;
  extra_ = full_ + raw;
  data_.clear();
  for (const tile::Operand& input : launch_.inputs) data_.push_back(static_cast<char*>(input.data));
  for (const tile::Operand& output : launch_.outputs) {
    data_.push_back(static_cast<char*>(output.data));
  }
  values_.resize(code_.size());
  outer_offsets_.resize(space_.views.size());
  for (uint16_t i : schedule_.uniform_steps) {
    values_[i] = reinterpret_cast<char*>(const_cast<uint64_t*>(run.uniforms + i));
  }
}

void Runner::seek(const Group& group, int64_t number) {
  tile_.across = number % space_.blocks_across * space_.tile_columns;
  number /= space_.blocks_across;
  tile_.down = number % space_.blocks_down * space_.tile_rows;
  number /= space_.blocks_down;
  for (int dim = space_.down(); dim-- > space_.group_rank;) {
    tile_.index[dim] = number % space_.sizes[dim];
    number /= space_.sizes[dim];
  }
  refresh_outer(group);
  shape_tile(group);
}

void Runner::refresh_outer(const Group& group) {
  int64_t outer = 0;
  for (int dim = space_.group_rank; dim < space_.down(); ++dim) {
    outer = outer * space_.sizes[dim] + tile_.index[dim];
  }
  const int64_t inside =
      space_.sizes[space_.down()] * (space_.column_mode ? 1 : space_.sizes[space_.across()]);
  tile_.position = outer * inside;
  for (size_t v = 0; v < space_.views.size(); ++v) {
    int64_t offset = group.offsets[v];
    for (int dim = space_.group_rank; dim < space_.down(); ++dim) {
      offset += tile_.index[dim] * space_.views[v].strides[dim];
    }
    outer_offsets_[v] = offset;
  }
}

void Runner::shape_tile(const Group& group) {
  tile_.rows = std::min(space_.tile_rows, space_.sizes[space_.down()] - tile_.down);
  tile_.columns = space_.column_mode
                      ? static_cast<int64_t>(group.columns)
                      : std::min(space_.tile_columns, space_.sizes[space_.across()] - tile_.across);
  tile_.count = static_cast<size_t>(tile_.rows * tile_.columns);
}

void Runner::next_outer() {
  for (int dim = space_.down(); dim-- > space_.group_rank;) {
    if (++tile_.index[dim] < space_.sizes[dim]) return;
    tile_.index[dim] = 0;
  }
}

int64_t Runner::tile_offset(size_t v) const {
  const View& view = space_.views[v];
  return outer_offsets_[v] + tile_.down * view.strides[space_.down()] +
         tile_.across * view.strides[space_.across()];
}

char* Runner::address(size_t view) const {
  return data_[view] + tile_offset(view) * static_cast<int64_t>(space_.views[view].element_size);
}

void Runner::point_rows(const Group& group) {
  if (schedule_.row_count == 0) return;
  const bool expanded = plan_.expanded_bytes != 0;
  for (size_t i = 0; i < code_.size(); ++i) {
    const uint16_t number = schedule_.row_numbers[i];
    if (number == Schedule::kNoSlot) continue;
    values_[i] = expanded && schedule_.spread_rows[i]
                     ? group.expanded + number * plan_.expanded_bytes
                     : group.rows + number * plan_.row_bytes;
  }
}

void Runner::run_tile(size_t pass_number, const Group& group, char* states) {
  const PassPlan& pass = plan_.passes[pass_number];
  for (uint32_t k = pass.store_begin; k < pass.store_end; ++k) {
    const StoreStep& store = plan_.stores[k];
    if (store.in_place) values_[store.value] = address(store.view);
  }
  for (uint32_t k = pass.step_begin; k < pass.step_end; ++k) {
    const Step& step = plan_.steps[k];
    run_step(step, group, states);
    if (step.fetches) remember_to_fetch(step);
    if (!ahead_.empty()) fetch_ahead(pass.lines_per_step);
  }
  for (uint32_t k = pass.store_begin; k < pass.store_end; ++k) {
    if (!plan_.stores[k].in_place) run_store(plan_.stores[k]);
    if (!ahead_.empty()) fetch_ahead(pass.lines_per_step);
  }
  if (!ahead_.empty()) fetch_ahead(SIZE_MAX);  // of loads that came late
}

void Runner::run_tiles(size_t pass, const Group& group, char* states, int64_t begin, int64_t end) {
  if (begin >= end) return;
  point_rows(group);
  seek(group, begin);
  for (int64_t t = begin;;) {
    point_kept(group);
    if (codes_ != nullptr && codes_[pass] != nullptr) {
      run_code(plan_.codes[pass], codes_[pass], group, states);
    } else {
      run_tile(pass, group, states);
    }
    if (++t == end) return;
    tile_.across += space_.tile_columns;
    if (space_.column_mode || tile_.across >= space_.sizes[space_.across()]) {
      tile_.across = 0;
      tile_.down += space_.tile_rows;
      if (tile_.down >= space_.sizes[space_.down()]) {
        tile_.down = 0;
        next_outer();
        refresh_outer(group);
      }
    }
    shape_tile(group);
  }
}

void Runner::remember_to_fetch(const Step& step) {
  const View& view = space_.views[step.slot];
  const size_t bytes = tile_.count * view.element_size;
  ahead_.push_back({address(step.slot) + bytes, (bytes + kCacheLine - 1) / kCacheLine});
}

void Runner::fetch_ahead(size_t lines) {
  while (lines > 0 && !ahead_.empty()) {
    Ahead& ahead = ahead_.back();
    const size_t count = std::min(lines, ahead.lines);
    for (size_t i = 0; i < count; ++i) __builtin_prefetch(ahead.at + i * kCacheLine);
    ahead.at += count * kCacheLine;
    ahead.lines -= count;
    lines -= count;
    if (ahead.lines == 0) ahead_.resize(ahead_.size() - 1);
  }
}

/// A value that is one element for the whole tile, written out for those who need each element.
const char* Runner::materialize(uint16_t value, bool scalar) {
  if (!scalar) return values_[value];
  plan_.kernels->fill(values_[value], full_, tile_.count);
  return full_;
}

void Runner::run_store(const StoreStep& store) {
  const View& view = space_.views[store.view];
  const char* from = materialize(store.value, store.scalar);
  char* to = address(store.view);
  if (store.convert == nullptr && store.contiguous) {
    const size_t bytes = tile_.count * plan_.width;
    if (store.stream && bytes % 64 == 0 && reinterpret_cast<uintptr_t>(to) % 64 == 0) {
      plan_.table->stream(from, to, bytes);
      streamed_ = true;
    } else {
      std::memcpy(to, from, bytes);
    }
    return;
  }
  if (store.contiguous) return store.convert(from, to, tile_.count);
  if (store.convert != nullptr) {
    store.convert(from, raw_, tile_.count);
    from = raw_;
  }
  copy_block(view.element_size, from, tile_.columns, 1, to, view.strides[space_.down()],
             view.strides[space_.across()], tile_.rows, tile_.columns);
}

void Runner::start_states(size_t pass, char* states) const {
  for (uint32_t k = plan_.passes[pass].step_begin; k < plan_.passes[pass].step_end; ++k) {
    const Step& step = plan_.steps[k];
    if (step.action != Action::kReduce) continue;
    start_reduction(step.op, plan_.compute, states + step.slot * kStateFields * plan_.row_bytes,
                    plan_.columns, plan_.columns);
  }
}

void Runner::join_states(size_t pass, char* states, const char* other) const {
  for (uint32_t k = plan_.passes[pass].step_begin; k < plan_.passes[pass].step_end; ++k) {
    const Step& step = plan_.steps[k];
    if (step.action != Action::kReduce) continue;
    const size_t at = step.slot * kStateFields * plan_.row_bytes;
    join_reduction(step.op, plan_.compute, states + at, other + at, plan_.columns, plan_.columns);
  }
}

char* Runner::result_place(const Step& step) {
  if (!step.kept && !step.in_place) {
    values_[step.value] = buffers_ + step.place * static_cast<size_t>(plan_.longest) * plan_.width;
  }
  return values_[step.value];
}

void Runner::point_kept(const Group& group) {
  const size_t row = space_.column_mode ? group.columns : 1;
  const size_t bytes = static_cast<size_t>(row_position()) * row * plan_.width;
  for (size_t k = 0; k < schedule_.kept.size(); ++k) {
    values_[schedule_.kept[k]] = group.kept + k * plan_.kept_bytes + bytes;
  }
}

int64_t Runner::row_position() const {
  return tile_.position + (space_.column_mode
                               ? tile_.down
                               : tile_.down * space_.sizes[space_.across()] + tile_.across);
}

void Runner::run_step(const Step& step, const Group& group, char* states) {
  const size_t count = step.scalar ? 1 : tile_.count;
  switch (step.action) {
    case Action::kPoint:
      values_[step.value] = address(step.slot);
      return;
    case Action::kConvert:
    case Action::kGather:
    case Action::kRepeat:
      return run_load(step);
    case Action::kElementwise:
      if (step.kept && step.scalars == full_mask(step.op)) return run_kept_scalar(step);
      step.elementwise(values_[step.a], values_[step.b], result_place(step), count);
      return;
    case Action::kTernary:
      step.ternary(values_[step.a], values_[step.b], values_[step.c], result_place(step), count,
                   step.scalars);
      return;
    case Action::kReduce: {
      const char* tile = materialize(step.a, step.scalars != 0);
      char* state = states + step.slot * kStateFields * plan_.row_bytes;
      if (space_.column_mode) {
        step.reduce_columns(tile, static_cast<size_t>(tile_.rows), group.columns, row_position(),
                            state, plan_.columns);
      } else {
        step.reduce(tile, count, row_position(), state);
      }
      return;
    }
    case Action::kScan: {
      const char* tile = materialize(step.a, step.scalars != 0);
      const size_t columns = space_.column_mode ? group.columns : 1;
      step.scan(tile, result_place(step), count / columns, columns,
                group.carry + step.slot * plan_.row_bytes);
      return;
    }
    case Action::kPosition:
      return visit_class(plan_.compute, result_place(step),
                         [this](auto* out) { number_positions(out); });
    case Action::kLinearIndex:
      return visit_class(plan_.compute, result_place(step),
                         [this](auto* out) { number_elements(out); });
    case Action::kIsAt: {
      const auto* index = reinterpret_cast<const int64_t*>(values_[step.a]);
      return visit_class(plan_.compute, result_place(step),
                         [&](auto* out) { mark_index(index, out); });
    }
    case Action::kRandom:
      return run_random(step, result_place(step));
  }
}

/// One element for the whole tile, but later passes want a whole tile of it.
void Runner::run_kept_scalar(const Step& step) {
  step.elementwise(values_[step.a], values_[step.b], full_, 1);
  plan_.kernels->fill(full_, result_place(step), tile_.count);
}

void Runner::run_load(const Step& step) {
  const View& view = space_.views[step.slot];
  const char* from = address(step.slot);
  char* out = result_place(step);
  if (step.action == Action::kGather) {
    if (view.strides[space_.across()] == 0) return spread(step, from, out);
    char* to = step.convert == nullptr ? out : raw_;
    copy_block(view.element_size, from, view.strides[space_.down()], view.strides[space_.across()],
               to, tile_.columns, 1, tile_.rows, tile_.columns);
    if (step.convert != nullptr) step.convert(raw_, out, tile_.count);
    return;
  }
  const size_t count = step.action == Action::kRepeat ? 1 : tile_.count;
  if (step.convert != nullptr) return step.convert(from, out, count);
  std::memcpy(out, from, count * plan_.width);
}

/// One element for each of the tile's rows.
void Runner::spread(const Step& step, const char* from, char* out) {
  const View& view = space_.views[step.slot];
  const int64_t down = view.strides[space_.down()] * static_cast<int64_t>(view.element_size);
  const auto columns = static_cast<size_t>(tile_.columns);
  for (int64_t r = 0; r < tile_.rows; ++r) {
    const char* element = from + r * down;
    if (step.convert != nullptr) {
      step.convert(element, raw_, 1);
      element = raw_;
    }
    plan_.kernels->fill(element, out + static_cast<size_t>(r) * columns * plan_.width, columns);
  }
}

template <class T>
void Runner::number_positions(T* out) const {
  const int64_t first = row_position();
  const int64_t repeated = space_.column_mode ? tile_.columns : 1;
  const int64_t positions = static_cast<int64_t>(tile_.count) / repeated;
  for (int64_t p = 0; p < positions; ++p) {
    std::fill_n(out + p * repeated, repeated, static_cast<T>(first + p));
  }
}

template <class T>
void Runner::number_elements(T* out) const {
  const size_t number = space_.views.size() - 1;
  const View& view = space_.views[number];
  const int64_t first = tile_offset(number);
  for (int64_t r = 0; r < tile_.rows; ++r) {
    const int64_t start = first + r * view.strides[space_.down()];
    for (int64_t c = 0; c < tile_.columns; ++c) {
      *out++ = static_cast<T>(start + c * view.strides[space_.across()]);
    }
  }
}

template <class T>
void Runner::mark_index(const int64_t* index, T* out) const {
  const int64_t first = row_position();
  std::fill_n(out, tile_.count, T(0));
  if (!space_.column_mode) {
    const uint64_t at = static_cast<uint64_t>(*index) - static_cast<uint64_t>(first);
    if (at < tile_.count) out[at] = T(1);
    return;
  }
  for (int64_t c = 0; c < tile_.columns; ++c) {
    const uint64_t at = static_cast<uint64_t>(index[c]) - static_cast<uint64_t>(first);
    if (at < static_cast<uint64_t>(tile_.rows)) {
      out[static_cast<int64_t>(at) * tile_.columns + c] = T(1);
    }
  }
}

void Runner::run_random(const Step& step, char* out) const {
  const size_t number = space_.views.size() - 1;
  const View& view = space_.views[number];
  const int64_t down = view.strides[space_.down()], across = view.strides[space_.across()];
  // Elements whose indices follow each other come from one call.
  int64_t run = across == 1 || tile_.columns == 1 ? tile_.columns : 1;
  const bool whole = run == tile_.columns && (tile_.rows == 1 || down == tile_.columns);
  if (whole) run = static_cast<int64_t>(tile_.count);
  const int64_t runs = static_cast<int64_t>(tile_.count) / run;
  const int64_t per_row = whole ? 1 : tile_.columns / run;
  for (int64_t k = 0; k < runs; ++k) {
    const int64_t first = tile_offset(number) + k / per_row * down + k % per_row * across;
    step.random(launch_.seed, launch_.offset, step.slot, static_cast<uint64_t>(first),
                out + static_cast<size_t>(k * run) * plan_.width, static_cast<size_t>(run));
  }
}

}  // namespace tenon::cpu
