#include "tenon/dispatch/modes.h"
#include "tenon/ops/index/indexing.h"
#include "tenon/ops/operators.h"
#include "tests/random_programs/actions.h"

namespace tenon::programs {
namespace {

/// Without gradients more often than not, as tensors that others need for theirs refuse it.
EnableGrad usual_mode(Machine& m) { return EnableGrad(m.dice().chance(30) && !m.state().is_pure); }

void in_place(Machine& m, const Statement&) {
  const EnableGrad mode = usual_mode(m);
  const Tensor target = m.pick(kRealSet);
  const Tensor other = fit(m.pick(kRealSet), target.sizes());
  const Tensor source = m.dice().chance(85) ? other.to(target.dtype()) : other;
  if (!m.is_exact() && !is_floating(target.dtype())) return;
  const int64_t kind = m.dice().below(m.is_exact() ? 7 : 5);
  m.note(std::to_string(kind));
  switch (kind) {
    case 0:
      target.add_(source);
      break;
    case 1:
      target.sub_(source * 0.5);
      break;
    case 2:
      target.mul_(tanh(source));
      break;
    case 3:
      target.copy_(source);
      break;
    case 4:
      target.lerp_(source, 0.25);
      break;
    case 5:
      target.masked_fill_(source > 0, m.number());
      break;
    default:
      target.mul_(source);
  }
  m.wrote(target);
}

void in_place_alone(Machine& m, const Statement&) {
  const EnableGrad mode = usual_mode(m);
  const Tensor target = m.pick(kRealSet);
  const double number = m.number();
  const int64_t kind = m.dice().below(m.is_exact() ? 11 : 8);
  m.note(std::to_string(kind) + " " + std::to_string(number));
  switch (kind) {
    case 0:
      target.add_(number);
      break;
    case 1:
      target.mul_(number / 3);
      break;
    case 2:
      target.fill_(number);
      break;
    case 3:
      target.zero_();
      break;
    case 4:
      target.tanh_();
      break;
    case 5:
      target.neg_();
      break;
    case 6:
      target.uniform_(-1, 1);
      break;
    case 7:
      target.sigmoid_();
      break;
    case 8:
      target.clamp_(-0.5, 0.75 + number * number);
      break;
    case 9:
      target.relu_();
      break;
    default:
      target.floor_();
  }
  m.wrote(target);
}

/// A view is made, written, and dropped or kept.
void through_view(Machine& m, const Statement&) {
  const EnableGrad mode = usual_mode(m);
  const Tensor base = m.pick(kRealSet);
  if (base.dim() == 0) return m.add(base.clone());
  const int64_t dim = m.dice().below(base.dim()), size = base.size(dim);
  const int64_t kind = m.dice().below(4);
  m.note(std::to_string(kind));
  const Tensor part = kind == 0   ? base.select(dim, m.dice().below(size))
                      : kind == 1 ? base.slice(dim, 0, {}, 2)
                      : kind == 2 ? base.transpose(0, dim)
                                  : base.slice(dim, size / 2);
  switch (m.dice().below(4)) {
    case 0:
      part.mul_(-1);
      break;
    case 1:
      part.add_(fit(base.slice(dim, 0, size - size / 2), part.sizes()));  // may overlap
      break;
    case 2:
      part.fill_(m.number());
      break;
    default:
      part.copy_(fit(m.pick(set_of(base.dtype())), part.sizes()));
  }
  m.wrote(base);
  if (m.dice().chance(50)) m.add(part);
}

void by_index(Machine& m, const Statement&) {
  const NoGrad no_grad;
  const Tensor target = m.pick_small(kFloatSet);
  if (target.dim() == 0 || target.size(0) == 0) return;
  const Tensor index = m.pick_small(set_of(kInt64)).reshape({-1}).remainder(target.size(0));
  switch (m.dice().below(3)) {
    case 0:
      target.index_put_({index}, m.number());
      break;
    case 1:
      target.index_put_({0}, fit(m.pick(set_of(target.dtype())), target[0].sizes()));
      break;
    default:
      target.index_add_(0, index,
                        ones({index.numel()}, target.dtype())
                            .reshape([&] {
                              Shape sizes = target.sizes();
                              for (int64_t& size : sizes) size = 1;
                              sizes[0] = index.numel();
                              return sizes;
                            }())
                            .expand([&] {
                              Shape sizes = target.sizes();
                              sizes[0] = index.numel();
                              return sizes;
                            }()));
  }
  m.wrote(target, true);
}

/// By the memory itself.
void by_pointer(Machine& m, const Statement&) {
  const Tensor target = m.pick(set_of(kFloat32));
  if (target.numel() == 0) return;
  float* const data = target.data<float>();
  *data = *data * 0.5f + static_cast<float>(m.call());
  m.wrote(target);
}

constexpr Action kActions[] = {
    {"in_place", 10, false, in_place},         {"in_place_alone", 8, false, in_place_alone},
    {"through_view", 10, false, through_view}, {"by_index", 3, false, by_index},
    {"by_pointer", 1, false, by_pointer},
};

}  // namespace

std::span<const Action> write_actions() { return kActions; }

}  // namespace tenon::programs
