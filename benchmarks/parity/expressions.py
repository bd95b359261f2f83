"""Calls that are no ops of the list, or ops in another form, as a program writes them. `t` is the
module, `F` its nn.functional, and INPUTS has the tensors."""

import numpy as np

from .compare import data, pattern

INPUTS = {
    "x": pattern(4, 6),
    "y": pattern(4, 6, step=0.7),
    "v": pattern(6),
    "m": pattern(2, 4, 9),
    "image": pattern(2, 4, 8, 7),
    "i": data(np.arange(24).reshape(4, 6) * 7 % 11),
    "j": data(np.array([2, 0, 3])),
    "b": data(np.arange(24).reshape(4, 6) % 3 == 0),
    "z": pattern(3, 4).to("complex128"),
    "p": data(np.abs(pattern(4, 6).array) / 2 * 0.9 + 0.05),
    "w": pattern(3, 6, 6, step=0.3),
    "c": pattern(5, 4, 3, 3, step=0.6),
}

MAKING = """
t.arange(5)                      t.arange(1, 7, 2)                t.arange(0, 1, 0.25)
t.arange(2.5, 0, -0.5)           t.arange(3, dtype=t.float32)     t.linspace(0, 1, 5)
t.linspace(0, 10, steps=4, dtype=t.float64)                       t.zeros(2, 3)
t.zeros((2, 3), dtype=t.int64)   t.ones([2])                      t.ones(2, 3, dtype=t.bool)
t.full((2, 2), 7)                t.full((2,), 1.5)                t.full((2,), True)
t.full_like(i, 3)                t.zeros_like(x)                  t.ones_like(b)
t.eye(3)                         t.eye(2, 4)                      t.tensor(3)
t.tensor(2.5)                    t.tensor(True)                   t.tensor(1 + 2j)
t.tensor([1, 2.5])               t.tensor([[1, 2], [3, 4]])       t.tensor([])
t.tensor([True, False])          t.tensor([1, 2], dtype=t.float16)  t.as_tensor([1.5])
x.new_zeros(2, 3)                i.new_ones((2,))                 x.new_full((2,), 3)
x.new_tensor([1, 2])             x.new_empty(2, 0)                t.Tensor([1, 2])
t.LongTensor([1, 2])             t.FloatTensor(2, 0)              t.empty(0, 3)
"""

FORMS = """
t.add(x, y, alpha=2)             t.sub(x, 3, alpha=0.5)           x.add_(y, alpha=2)
x.mul_(2)                        x.div_(y)                        x.sub_(1)
1 / x                            2 ** x                           3 - i
x ** 2                           i ** 2                           i / 2
i // 4                           i % 4                            -i % 4
x // 0.3                         x % 0.3                          ~b
b & (i > 2)                      b | (i > 2)                      b ^ (i > 2)
x > 0                            0 < x                            x == y
i << 1                           i >> 1                           abs(x)
-x                               +x                               x @ y.T
x.sum()                          x.sum(0)                         x.sum(dim=(0, 1))
x.sum(-1, keepdim=True)          b.sum()                          i.sum(dtype=t.float32)
x.mean(1)                        x.mean((0, 1), keepdim=True)     i.prod()
x.prod(1)                        x.max()                          x.max(1)
t.max(x, dim=1, keepdim=True)    t.max(x, y)                      t.min(x, 0)
x.min()                          i.max()                          x.std()
x.std(0)                         x.std(1, unbiased=False)         x.var(dim=1, keepdim=True)
t.var(x, 0, correction=0)        t.std(x, dim=(0, 1), correction=2) x.norm()
x.norm(p=1)                      x.norm(2, 1)                     x.norm(float("inf"))
x.norm(dim=1, keepdim=True)      x.argmax()                       x.argmax(1)
x.argmin(dim=0, keepdim=True)    b.any()                          b.all(1)
x.any(0)                         x.cumsum(1)                      i.cumsum(0)
x.logsumexp(1)                   x.softmax(-1)                    t.softmax(x, dim=0)
x.log_softmax(dim=1)             t.softmax(x, 1, dtype=t.float32)
x.clamp(min=0)                   x.clamp(-0.5, 0.5)               t.clip(x, -1, 1)
x.clamp_(max=0.1)                t.where(b, x, y)                 t.where(b, x, 0.0)
t.where(b)                       x.where(b, y)                    x.view(-1)
x.view(2, -1)                    x.view((3, 8))                   x.reshape(6, 4)
t.reshape(x, (2, 12))            x.flatten()                      m.flatten(1)
m.transpose(1, 2)                m.permute(2, 0, 1)               t.permute(m, (1, 2, 0))
x.t()                            x.T                              m.mT
x.unsqueeze(-1)                  x[None].squeeze()                x[None].squeeze(0)
x.expand(2, 4, 6)                x.expand(3, -1, -1)              v.repeat(2, 3)
v.expand_as(x)                   t.cat([x, y])                    t.cat((x, y), dim=1)
t.cat([x, i])                    t.stack([x, y], dim=-1)          t.concat([x, y], 1)
x.split(4, 1)                    t.split(x, [1, 5], dim=1)        x.chunk(3)
t.chunk(x, 4, dim=1)             x.unbind(1)                      x.narrow(1, 2, 3)
x.select(1, 2)                   m.flip(0, 2)                     t.flip(x, [1])
x.roll(2)                        x.roll((1, -2), (0, 1))          t.tril(x)
x.triu(1)                        x.diagonal()                     x.diagonal(1)
x.gather(1, i % 6)               x.scatter(1, i % 6, 2.0)         x.index_select(0, j)
x[j]                             x[:, 1:5:2]                      x[..., -1]
x[b]                             x[1]                             x[j, j]
x[:, None]                       x.masked_fill(b, -1e9)           x.masked_select(b)
i.nonzero()                      t.nonzero(b, as_tuple=True)      b.nonzero(as_tuple=True)
x.sort()                         x.sort(0, descending=True)       t.sort(x, dim=1)
x.argsort(1)                     x.topk(2)                        x.topk(3, dim=0, largest=False)
t.unique(i)                      t.unique(i, return_counts=True)
t.unique(i, return_inverse=True)                                  i.unique()
F.one_hot(j)                     F.one_hot(j, 5)                  F.one_hot(j, num_classes=6)
t.outer(v, v)                    t.dot(v, v)                      v @ v
x @ v                            t.matmul(x, x.T)                 x.detach()
x.clone()                        x.contiguous()                   x.float()
x.half()                         x.int()                          x.long()
x.bool()                         i.double()                       x.to(t.float32)
x.to("cpu", t.float16)           i.to(x)                          x.type_as(i)
x.type(t.int32)                  x.item if x.dim() == 0 else 0    x.sum().item()
x.tolist()                       x.size()                         x.size(1)
x.shape                          x.stride()                       x.numel()
x.dim()                          x.ndim                           len(x)
x.is_contiguous()                x.t().is_contiguous()            x.dtype == t.float64
x.is_floating_point()            z.is_complex()                   x.element_size()
z.real                           z.imag                           z.conj()
abs(z)                           z * (1 + 2j)                     z.abs()
t.complex(x, y)                  t.real(z)                        x.view_as(y)
x.reshape_as(y)                  x.type()                         i.type()
x.fill_(3)                       x.zero_()                        x.copy_(y)
x.copy_(v)                       x.masked_fill_(b, 0)             x.index_add(0, j, y[:3])
x.scatter_(1, i % 6, 0.5)        x.scatter_add(1, i % 6, y)       t.is_tensor(x)
t.numel(x)                       bool(x.sum() > 0)                int(i.sum())
float(x.sum())                   str(i)                           repr(x)
repr(t.tensor([1.5, 2]))         repr(t.zeros(2, 0))              repr(b)
repr(t.tensor(3.25))             repr(t.arange(2000))             repr(z)
repr(x.half())                   repr(t.tensor([1e10, 1.0]))
repr(t.tensor([float("nan"), 1e-8]))
repr(t.ones(2, 2, requires_grad=True))
"""

FUNCTIONAL = """
F.relu(x)                        F.relu(x, inplace=True)          F.relu_(x)
F.leaky_relu(x, 0.2)             F.leaky_relu_(x, 0.3)            F.elu(x, 0.5)
F.elu_(x)                        F.hardtanh(x, -0.5, 1.0)         F.hardtanh_(x)
F.relu6(x * 5)                   F.silu(x)                        F.gelu(x, approximate="tanh")
F.softplus(x, 2, 3)              F.softmax(x)                     F.softmax(x, dim=1)
F.log_softmax(x, 1)              F.softmin(x, 1)                  F.sigmoid(x)
F.bilinear(x, y, w)              F.bilinear(x, y, w, v[:3])       F.linear(x, y)
F.conv2d(image, c)               F.conv2d(image, c, padding="same") F.conv2d(image, c, None, 2, 1)
F.conv2d(image, c, stride=(2, 1), padding=(1, 0))                 F.conv2d(image[0], c)
F.conv1d(m, c[:, :, 0])          F.conv1d(m, c[:, :, 0], padding="valid")
F.max_pool2d(image, 2)           F.max_pool2d(image, 3, 2, 1, ceil_mode=True)
F.max_pool2d(image, 2, return_indices=True)                       F.max_pool1d(m, 3, stride=1)
F.avg_pool2d(image, (2, 3))      F.avg_pool1d(m, 2)               F.adaptive_avg_pool2d(image, 1)
F.adaptive_avg_pool2d(image, (None, 3))                           F.max_pool1d_with_indices(m, 2)
F.pad(x, (1, 2))
F.pad(x, (1, 2, 0, 1), value=3.5)  F.pad(m, (2, 1), mode="reflect")
F.pad(m, (1, 1), "replicate")
F.pad(m, (1, 1), mode="circular")  F.dropout(x, 0.5, training=False)
F.layer_norm(x, (6,))            F.layer_norm(x, [6], v, v, 1e-3)
F.rms_norm(x, (6,), v)           F.group_norm(image, 2)           F.batch_norm(x, v, v * v + 1)
F.batch_norm(x, None, None, training=True)                        F.mse_loss(x, y)
F.mse_loss(x, y, reduction="sum")  F.l1_loss(x, y, reduction="none")
F.smooth_l1_loss(x, y, beta=0.5)                                  F.huber_loss(x, y, delta=0.5)
F.cross_entropy(x, i[:, 0] % 6)                                   F.cross_entropy(x, p)
F.cross_entropy(x, i[:, 0] % 6, v * v, label_smoothing=0.2)
F.cross_entropy(m, i[:2, :1].expand(2, 9) % 4, ignore_index=1)
F.nll_loss(x, i[:, 0] % 6, reduction="sum")                       F.binary_cross_entropy(p, 1 - p)
F.binary_cross_entropy(p, 1 - p, y * y)
F.binary_cross_entropy_with_logits(x, p, pos_weight=v * v)
F.kl_div(x, p, reduction="batchmean")                             F.embedding(i % 4, x)
F.embedding(j, x, padding_idx=2)                                  F.one_hot(i % 3)
"""


def expressions(text):
    """The calls of a table, which two spaces or lines part."""
    return [
        part.strip() for line in text.splitlines() for part in line.split("   ") if part.strip()
    ]
