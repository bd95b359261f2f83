"""LSTMs whose hidden states are projected: Sak et al. 2014."""

from ... import _core
from .. import functional as F


def _step(x, h, c, weights):
    """One step: x has been multiplied with its weight already."""
    weight_hh, bias_hh, weight_hr = weights
    i, f, g, o = (x + F.linear(h, weight_hh, bias_hh)).chunk(4, -1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return F.linear(o.sigmoid() * c.tanh(), weight_hr), c


def _direction(steps, h, c, weights, backwards):
    """One layer in one direction over steps whose batches get smaller, as packed sequences have
    them, or stay: the outputs step by step, and the last states."""
    weight_ih, *rest = weights
    weight_hr = rest.pop()
    weight_hh, bias_ih, bias_hh = rest if len(rest) == 3 else (rest[0], None, None)
    first_h, first_c = h, c
    outputs, ended = [], []
    h, c = (x[:steps[-1 if backwards else 0].shape[0]] for x in (h, c))
    for x in reversed(steps) if backwards else steps:
        rows = x.shape[0]
        if rows < h.shape[0]:  # the shortest sequences have ended
            ended.append((h[rows:], c[rows:]))
            h, c = h[:rows], c[:rows]
        elif rows > h.shape[0]:  # backwards, they begin
            h, c = (_core.cat([now, first[now.shape[0]:rows]])
                    for now, first in ((h, first_h), (c, first_c)))
        h, c = _step(F.linear(x, weight_ih, bias_ih), h, c, (weight_hh, bias_hh, weight_hr))
        outputs.append(h)
    if ended:
        h, c = (_core.cat(parts) for parts in zip((h, c), *reversed(ended)))
    return outputs[::-1] if backwards else outputs, h, c


def projected_lstm(module, input, states, batch_sizes):
    """What an LSTM with `proj_size` computes: the output and the last states."""
    if batch_sizes:
        steps = list(_core.split_with_sizes(input, batch_sizes))
    else:
        steps = list(input.unbind(1 if module.batch_first else 0))
    h, c = states
    directions = 1 + module.bidirectional
    last_h, last_c = [], []
    for layer in range(module.num_layers):
        results = []
        for direction in range(directions):
            place = layer * directions + direction
            outputs, end_h, end_c = _direction(steps, h[place], c[place], module.all_weights[place],
                                               direction == 1)
            results.append(outputs)
            last_h.append(end_h)
            last_c.append(end_c)
        steps = [_core.cat(parts, -1) if directions == 2 else parts[0] for parts in zip(*results)]
        if layer + 1 < module.num_layers and module.dropout > 0:
            sizes = [step.shape[0] for step in steps]
            dropped = F.dropout(_core.cat(steps), module.dropout, module.training)
            steps = list(_core.split_with_sizes(dropped, sizes))
    output = (_core.cat(steps) if batch_sizes
              else _core.stack(steps, 1 if module.batch_first else 0))
    return output, _core.stack(last_h), _core.stack(last_c)
