"""Hooks on the places of the backward graph."""

import pytest
import tenon as torch


def test_they_see_gradients_and_are_removed():
    w, seen = torch.ones(3, requires_grad=True), []
    y = w * 2
    after = y.grad_fn.register_hook(lambda inputs, results: seen.append((inputs, results)))
    before = y.grad_fn.register_prehook(lambda results: (results[0] * 10,))
    y.sum().backward(retain_graph=True)
    (inputs, results), = seen
    assert inputs[0].tolist() == [20, 20, 20] and inputs[1] is None
    assert len(results) == 1 and results[0].tolist() == [10, 10, 10]
    with after:
        before.remove()
    y.sum().backward()
    assert len(seen) == 1 and w.grad.tolist() == [22, 22, 22]


@pytest.mark.parametrize("is_compiled", [False, True])
def test_what_they_return_takes_the_place(is_compiled):
    def f(w):
        y = w.exp() * 2
        y.grad_fn.register_hook(lambda inputs, _: tuple(g if g is None else g * 3 for g in inputs))
        y.grad_fn.next_functions[0][0].register_prehook(lambda results: (results[0] + 1,))
        y.sum().backward()
        return w.grad

    run = torch.compile(f) if is_compiled else f
    for scale in 0.0, 1.0, 2.0:
        w = torch.full((3,), scale, requires_grad=True)
        assert torch.equal(run(w), (w.exp() * 7).detach())


def test_gradients_of_broadcast_inputs_are_summed_up():
    a, b, seen = torch.ones(2, 3, requires_grad=True), torch.ones(3, requires_grad=True), []
    y = a * b
    y.grad_fn.register_hook(lambda inputs, _: seen.extend(tuple(g.shape) for g in inputs))
    y.sum().backward()
    assert seen == [(2, 3), (3,)] and b.grad.tolist() == [2, 2, 2]


def test_a_part_of_a_tensor():
    x = torch.arange(4.0, requires_grad=True)
    y, seen = x * 2, []
    parts = [y[i] for i in range(4)]
    parts[1].grad_fn.register_hook(lambda inputs, _: (inputs[0] * 5,))
    parts[2].grad_fn.register_prehook(lambda results: seen.append(results[0].item()))
    sum(part * (i + 1) for i, part in enumerate(parts)).backward()
    assert x.grad.tolist() == [2, 20, 6, 8] and seen == [3]


def test_dropping_a_gradient():
    a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    y = a * b
    y.grad_fn.register_hook(lambda inputs, _: (None, inputs[1]))
    y.sum().backward()
    assert a.grad is None and b.grad.tolist() == [1, 1]


@pytest.mark.parametrize("returned, kind, message", [
    (3, TypeError, "returns a tuple of gradients or None, not int"),
    ((3, None), TypeError, "returns tensors or None, not int"),
    ((torch.ones(3),), RuntimeError, r"\[register_hook\] a hook returned 1 gradients; expected 2"),
    ((torch.ones(2), None), ValueError, r"expected a gradient of sizes \[3\], got \[2\]"),
    ((torch.ones(3), torch.ones(3)), RuntimeError, "in place 1, where there is none to replace"),
])
def test_what_they_return_is_checked(returned, kind, message):
    y = torch.ones(3, requires_grad=True) * 2
    y.grad_fn.register_hook(lambda inputs, results: returned)
    with pytest.raises(kind, match=message):
        y.sum().backward()


def test_leaves_have_hooks_on_the_tensor():
    y = torch.ones(3, requires_grad=True) * 2
    leaf = y.grad_fn.next_functions[0][0]
    for register in leaf.register_hook, leaf.register_prehook:
        with pytest.raises(RuntimeError, match=r"register_post_accumulate_grad_hook\(\)"):
            register(print)


def test_numbers_of_results():
    x = torch.arange(6.0).view(2, 3).requires_grad_()
    values, _ = x.max(1)
    parts = torch.split(x * 1, 1)
    assert x.output_nr == 0 and values.output_nr == 0 and parts[1].output_nr in (0, 1)
    q, r = torch.linalg.qr(x)
    assert (q.output_nr, r.output_nr) == (0, 1) and q.grad_fn == r.grad_fn


def test_inference_tensors():
    with torch.inference_mode():
        made = torch.ones(2)
        assert made.is_inference() and (made * 2).is_inference()
    assert torch.is_inference(made) and made[0].is_inference()
    assert not torch.ones(2).is_inference() and not made.clone().is_inference()
