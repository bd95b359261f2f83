#include "tenon/ops/operators.h"
#include "tests/random_programs/actions.h"

// What networks are made of. Tensors of the program come in the sizes that each layer wants.
namespace tenon::programs {
namespace {

/// What a tensor of the program makes of these sizes; no two elements are equal, so that the
/// largest of some is the same one however they are rounded.
Tensor spread_out(Machine& m, const Shape& sizes) {
  int64_t count = 1;
  for (const int64_t size : sizes) count *= size;
  const Tensor pattern = sin(arange(0, count, 1, kFloat32) * 1.7).reshape(sizes);
  return pattern + tanh(fit(m.pick_small({set_of(kFloat32)}), sizes)) * 0.3;
}

/// Such that results don't grow.
Tensor weight(Machine& m, const Shape& sizes) { return spread_out(m, sizes) * 0.3; }

void pictures(Machine& m, const Statement&) {
  const Tensor x = fit(m.pick_small({set_of(kFloat32)}), {2, 4, 4}).expand({2, 4, 4}).unsqueeze(0);
  const Tensor w = fit(m.pick_small({set_of(kFloat32)}), {3, 2, 2, 2}).expand({3, 2, 2, 2});
  switch (m.dice().below(m.is_exact() ? 4 : 3)) {
    case 0:
      return m.add(conv2d(x, w.contiguous()), true);
    case 1:
      return m.add(avg_pool2d(x, {2, 2}), true);
    case 2: {
      const Tensor mean = zeros({2}), variance = ones({2});
      m.add(batch_norm(x, mean, variance, {}, {}, m.dice().chance(60)), true);
      return m.add(mean + variance, true);
    }
    default:
      return m.add(max_pool2d(x, {2, 2}));
  }
}

/// Convolutions that hand images to one another, with relu and pooling between them.
void networks(Machine& m, const Statement&) {
  const int64_t in = m.dice().chance(50) ? 16 : 2, out = m.dice().chance(70) ? 16 : 3;
  const int64_t images = 1 + m.dice().below(3), padding = m.dice().below(2);
  const Tensor x = spread_out(m, {images, in, 7, 6});
  const Tensor w = spread_out(m, {out, in, 3, 3}) * 0.2;
  Tensor y = relu(conv2d(x, w, {}, {1}, {padding}));
  if (m.dice().chance(30)) m.add(y, true);  // somebody else looks at it
  if (m.dice().chance(60)) {
    y = conv2d(y, spread_out(m, {16, out, 3, 3}) * 0.2, {}, {1}, {1});
    if (m.dice().chance(80)) y = relu(y);
  }
  if (m.dice().chance(60)) y = max_pool2d(y, {2});
  m.add(tanh(y), true);
}

/// Other convolutions, and what changes the sizes of images.
void other_pictures(Machine& m, const Statement&) {
  const int64_t images = 1 + (m.call() + m.dice().below(2)) % 2;
  const Tensor x = spread_out(m, {images, 4, 5, 6});
  const int64_t kind = m.dice().below(9);
  m.note(std::to_string(kind));
  switch (kind) {
    case 0:
      return m.add(conv1d(x.flatten(2), weight(m, {3, 4, 3}), weight(m, {3}), {2}, {1}), true);
    case 1:
      return m.add(conv2d(x, weight(m, {4, 2, 3, 2}), {}, {1}, {1}, {2}, 2), true);
    case 2:
      return m.add(conv2d(x, weight(m, {4, 1, 3, 3}), {}, {1}, {1}, {1}, 4), true);
    case 3:
      return m.add(conv_transpose2d(x, weight(m, {4, 2, 3, 3}), weight(m, {2}), {2}), true);
    case 4:
      return m.add(conv3d(x.unsqueeze(1), weight(m, {2, 1, 2, 2, 2})), true);
    case 5:
      return m.add(interpolate(x, {7, 4}, {}, m.dice().chance(50) ? "bilinear" : "bicubic"), true);
    case 6:
      return m.add(group_norm(x, 2, weight(m, {4}), weight(m, {4})), true);
    case 7:
      return m.add(adaptive_avg_pool2d(x, {2, 3}), true);
    default:
      return m.add(pixel_shuffle(x, 2));
  }
}

void attention(Machine& m, const Statement&) {
  const int64_t length = 3 + (m.call() + m.dice().below(2)) % 3;
  const int64_t keys = m.dice().chance(60) ? length : 6;
  const Tensor query = spread_out(m, {2, 2, length, 4}), key = spread_out(m, {2, 2, keys, 4});
  const Tensor value = spread_out(m, {2, 2, keys, 4});
  const bool causal = m.dice().chance(40);
  const Tensor mask = !causal && m.dice().chance(50) ? spread_out(m, {length, keys}) : Tensor();
  m.add(scaled_dot_product_attention(query, key, value, mask, 0, causal), true);
}

void recurrent(Machine& m, const Statement&) {
  const int64_t steps = 1 + (m.call() + m.dice().below(3)) % 4, kind = m.dice().below(5);
  const int64_t gates = kind == 0 || kind == 1 ? 4 : kind == 4 ? 1 : 3;
  m.note(std::to_string(kind));
  const Tensor x = spread_out(m, {steps, 2, 3});
  const Tensor input = weight(m, {gates * 4, 3}), hidden = weight(m, {gates * 4, 4});
  Tensor h = spread_out(m, {2, 4}), c = zeros({2, 4});
  if (kind == 1) {
    const auto [y, h_n, c_n] =
        lstm(x, h.unsqueeze(0), c.unsqueeze(0), {input, hidden}, /*has_biases=*/false);
    m.add(y, true);
    return m.add(c_n, true);
  }
  if (kind == 3) {
    const auto [y, h_n] = gru(x, h.unsqueeze(0), {input, hidden}, /*has_biases=*/false);
    return m.add(y, true);
  }
  for (int64_t t = 0; t < steps; ++t) {
    if (kind == 0) {
      std::tie(h, c) = lstm_cell(x.select(0, t), h, c, input, hidden);
    } else if (kind == 2) {
      h = gru_cell(x.select(0, t), h, input, hidden);
    } else {
      h = rnn_tanh_cell(x.select(0, t), h, input, hidden);
    }
  }
  m.add(h, true);
}

void losses(Machine& m, const Statement&) {
  const int64_t rows = 2 + (m.call() + m.dice().below(2)) % 3;
  const Tensor x = spread_out(m, {rows, 4});
  const Tensor classes = fit(m.pick_small(set_of(kInt64)), {rows}).expand({rows}).remainder(4);
  const Tensor target = sigmoid(fit(m.pick_small(set_of(kFloat32)), x.sizes())).expand({rows, 4});
  const std::string_view reductions[] = {"mean", "sum", "none"};
  const std::string_view reduction = m.dice().one_of(std::span<const std::string_view>(reductions));
  const int64_t kind = m.dice().below(8);
  m.note(std::to_string(kind) + " " + std::string(reduction));
  switch (kind) {
    case 0:
      return m.add(cross_entropy(x, classes, {}, 2, reduction, 0.1), true);
    case 1:
      return m.add(cross_entropy(x, classes, weight(m, {4}) + 1), true);
    case 2:
      return m.add(mse_loss(x, target, reduction), true);
    case 3:
      return m.add(binary_cross_entropy_with_logits(x, target, {}, {}, reduction), true);
    case 4:
      return m.add(huber_loss(x, target, reduction, 0.5), true);
    case 5:
      return m.add(kl_div(log_softmax(x, 1), target, reduction), true);
    case 6:
      return m.add(nll_loss(log_softmax(x, 1), classes, {}, -100, reduction), true);
    default:
      return m.add(smooth_l1_loss(x, target, reduction), true);
  }
}

/// Products of halves with elementwise work behind them; some large enough to run by blocks.
void half_layers(Machine& m, const Statement&) {
  const DType dtype = m.dice().chance(60) ? kBFloat16 : kFloat16;
  const bool is_large = m.dice().chance(15);
  const int64_t rows = is_large ? 256 : 3 + m.call() % 2, width = is_large ? 320 : 8;
  const Tensor x = weight(m, {rows, 32}).to(dtype);
  const Tensor up = (weight(m, {width, 32}) * 0.3).to(dtype), bias = weight(m, {width}).to(dtype);
  Tensor y = linear(x, up, bias);
  y = m.dice().chance(50) ? gelu(y) : tanh(y) * 0.5 + 0.25;
  if (m.dice().chance(40)) y = linear(y, (weight(m, {16, width}) * 0.1).to(dtype));
  m.add(is_large ? mean(y, {0}) : y, true);
}

void products_by_name(Machine& m, const Statement&) {
  const Tensor a = spread_out(m, {2, 3, 4}), b = spread_out(m, {2, 4, 3});
  const int64_t kind = m.dice().below(6);
  m.note(std::to_string(kind));
  switch (kind) {
    case 0:
      return m.add(einsum("bij,bjk->bik", {a, b}), true);
    case 1:
      return m.add(einsum("bij,bji->b", {a, b}), true);
    case 2:
      return m.add(baddbmm(spread_out(m, {3, 3}), a, b, 0.5, 2), true);
    case 3:
      return m.add(cdist(a, b.transpose(1, 2)), true);
    case 4:
      return m.add(cosine_similarity(a, b.transpose(1, 2), 2), true);
    default:
      return m.add(addmm(spread_out(m, {3}), a[0], b[1]), true);
  }
}

/// Complex numbers and factors, which compiled functions run as they come. Of finite numbers:
/// errors that depend on data come out where the data is, which may be behind a statement's end.
void transforms(Machine& m, const Statement&) {
  const Tensor x = nan_to_num(spread_out(m, {3, 8})) * (1 + 0.25 * (m.call() % 2));
  const int64_t kind = m.dice().below(4);
  m.note(std::to_string(kind));
  if (kind == 0) return m.add(fft_irfft(fft_rfft(x) * 0.5, 8), true);
  if (kind == 1) return m.add(real(fft_rfft(x)) / 4, true);
  const Tensor square = matmul(x, x.t()) / 8 + eye(3);
  if (kind == 2) return m.add(linalg_cholesky(square), true);
  m.add(linalg_solve(square, x.slice(1, 0, 2)), true);
}

constexpr Action kActions[] = {
    {"pictures", 1, false, pictures},
    {"networks", 1, false, networks},
    {"other_pictures", 2, false, other_pictures},
    {"attention", 2, false, attention},
    {"recurrent", 2, false, recurrent},
    {"losses", 3, false, losses},
    {"half_layers", 1, false, half_layers},
    {"products_by_name", 2, false, products_by_name},
    {"transforms", 1, false, transforms},
};

}  // namespace

std::span<const Action> layer_actions() { return kActions; }

}  // namespace tenon::programs
