"""Module: attributes, calls and hooks, copies, conversions, text."""

import copy
import gc
import pickle
import weakref

import pytest
import tenon as torch
import tenon.nn as nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 3)
        self.scale = nn.Parameter(torch.ones(3))
        self.register_buffer("count", torch.zeros(1))
        self.register_buffer("cache", torch.zeros(2), persistent=False)
        self.nothing = None

    def forward(self, x, *, shift=0.0):
        return self.linear(x) * self.scale + shift


def test_attributes_are_registered():
    block = Block()
    assert ([name for name, _ in block.named_parameters()]
            == ["scale", "linear.weight", "linear.bias"])
    assert [name for name, _ in block.named_buffers()] == ["count", "cache"]
    assert [name for name, _ in block.named_modules()] == ["", "linear"]
    assert (list(block.children()) == [block.linear]
            and list(block.modules()) == [block, block.linear])
    assert list(block.state_dict()) == ["scale", "count", "linear.weight", "linear.bias"]
    assert "linear" in dir(block) and "scale" in dir(block) and block.nothing is None
    block.scale = None
    assert block.scale is None and len(list(block.parameters())) == 2
    block.scale = nn.Parameter(torch.zeros(3))
    block.count = torch.ones(1)
    assert block.count.item() == 1 and "count" in block._buffers
    del block.linear, block.count
    assert not hasattr(block, "linear") and not hasattr(block, "count")
    block.linear = 3
    assert block.linear == 3 and block._modules == {}
    block.extra = nn.Buffer(torch.ones(2), persistent=False)
    assert "extra" in dict(block.named_buffers()) and "extra" not in block.state_dict()


def test_what_is_shared_is_listed_once():
    tied = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    tied[1].weight = tied[0].weight
    assert len(list(tied.parameters())) == 3 and len(tied.state_dict()) == 4
    assert len(list(tied.named_parameters(remove_duplicate=False))) == 4
    relu = nn.ReLU()
    assert len(list(nn.Sequential(relu, relu).children())) == 1


def test_mistakes_in_attributes():
    class Forgetful(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(1, 1)

    class ForgetfulOfParameters(nn.Module):
        def __init__(self):
            self.weight = nn.Parameter(torch.ones(1))

    with pytest.raises(AttributeError,
                       match=r"cannot assign module before Module.__init__\(\) call"):
        Forgetful()
    with pytest.raises(AttributeError, match=r"cannot assign parameters before Module.__init__"):
        ForgetfulOfParameters()
    block = Block()
    with pytest.raises(TypeError, match="cannot assign 'int' as parameter 'scale'"):
        block.scale = 3
    with pytest.raises(TypeError, match="cannot assign 'tenon.Tensor' as parameter 'scale'"):
        block.scale = torch.ones(3)
    with pytest.raises(TypeError, match="cannot assign 'str' as child module 'linear'"):
        block.linear = "linear"
    with pytest.raises(TypeError, match="cannot assign 'int' as buffer 'count'"):
        block.count = 1
    with pytest.raises(KeyError, match="attribute .* already exists"):
        block.register_buffer("linear", None)
    with pytest.raises(KeyError, match="module name can"):
        block.add_module("a.b", nn.ReLU())
    with pytest.raises(TypeError, match="is not a Module subclass"):
        block.add_module("a", 3)
    result = nn.Parameter(torch.ones(1), requires_grad=False)
    result *= torch.ones(1, requires_grad=True)
    with pytest.raises(ValueError, match="Cannot assign non-leaf Tensor to parameter 'w'"):
        block.register_parameter("w", result)
    with pytest.raises(AttributeError, match="'Block' object has no attribute 'weight'"):
        block.weight
    with pytest.raises(TypeError, match="unexpected keyword argument 'size'"):
        nn.Module(size=3)
    with pytest.raises(NotImplementedError, match='missing the required "forward" function'):
        nn.Module()(1)
    with pytest.raises(TypeError, match="takes a tensor, not list"):
        nn.Parameter([1.0])


def test_calls_and_hooks():
    block, seen = Block(), []
    x = torch.ones(1, 2)
    plain = block(x)
    before = block.register_forward_pre_hook(lambda module, args: (args[0] * 2,))
    after = block.register_forward_hook(lambda module, args, output: seen.append(output)
                                        or output + 1)
    assert (block(x) - (block.forward(2 * x) + 1)).abs().max().item() == 0 and len(seen) == 1
    before.remove()
    assert (block(x) - (plain + 1)).abs().max().item() == 0
    with after:
        pass
    assert (block(x) - plain).abs().max().item() == 0

    def add_shift(module, args, kwargs):
        return args, {"shift": kwargs["shift"] + 1}

    def note_kwargs(module, args, kwargs, output):
        seen.append(kwargs)

    block.register_forward_pre_hook(add_shift, with_kwargs=True)
    block.register_forward_hook(note_kwargs, with_kwargs=True)
    assert (block(x, shift=1.0) - (plain + 2)).abs().max().item() == 0
    assert seen[-1] == {"shift": 2.0}


def test_backward_hooks():
    layer, seen = nn.Linear(3, 2), []
    layer.weight.data.fill_(0.5)
    x = torch.ones(1, 3, requires_grad=True)
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append(
        ([None if grad is None else grad.tolist() for grad in grad_input],
         grad_output[0].tolist())))
    (layer(x) * torch.tensor([1.0, 3.0])).sum().backward()
    assert seen.pop() == ([[[2, 2, 2]]], [[1, 3]]) and x.grad.tolist() == [[2, 2, 2]]
    layer(torch.ones(1, 3)).sum().backward()  # nothing flows into the input
    assert seen.pop() == ([None], [[1, 1]])
    before = layer.register_full_backward_pre_hook(lambda module, grads: (grads[0] * 4,))
    after = layer.register_full_backward_hook(lambda module, grads, _: (grads[0] + 1,))
    x.grad = None
    (layer(x).sum() + x.sum()).backward()
    assert seen.pop() == ([[[4, 4, 4]]], [[4, 4]]) and x.grad.tolist() == [[6, 6, 6]]
    before.remove()
    after.remove()
    layer.register_full_backward_hook(lambda *_: ())
    with pytest.raises(RuntimeError, match="invalid number of grad_input, got 0, but expected 1"):
        layer(x).sum().backward()
    rnn, seen = nn.LSTM(3, 2), []
    rnn.register_full_backward_hook(lambda module, grad_input,
                                    grad_output: seen.append(grad_output))
    rnn(torch.ones(2, 1, 3))[0].sum().backward()
    ((of_output, of_state),) = seen
    assert of_output.shape == (2, 1, 2) and of_state is None


def test_hooks_in_order_and_when_forward_fails():
    order, module = [], nn.Identity()
    module.register_forward_hook(lambda *_: order.append("second"))
    module.register_forward_hook(lambda *_: order.append("first"), prepend=True)
    module(1)
    assert order == ["first", "second"]

    class Failing(nn.Module):
        def forward(self):
            raise ValueError("no")

    failing = Failing()
    failing.register_forward_hook(lambda module, args, output: order.append(output),
                                  always_call=True)
    failing.register_forward_hook(lambda *_: order.append("never"))
    with pytest.raises(ValueError, match="no"):
        failing()
    assert order == ["first", "second", None]
    with pytest.raises(RuntimeError, match="new_args, new_kwargs"):
        bad = nn.Identity()
        bad.register_forward_pre_hook(lambda *_: 3, with_kwargs=True)
        bad(1)


def test_copies():
    block = Block()
    block.register_forward_hook(double_output)
    block.eval()
    for again in copy.deepcopy(block), pickle.loads(pickle.dumps(block)):
        assert again.scale is not block.scale and type(again.scale) is nn.Parameter
        assert again.scale.requires_grad and not again.training
        assert [n for n, _ in again.named_buffers()] == ["count", "cache"]
        x = torch.ones(1, 2)
        assert again(x).tolist() == block(x).tolist() == (2 * block.forward(x)).tolist()
    tied = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    tied[1].weight = tied[0].weight
    again = copy.deepcopy(tied)
    assert again[1].weight is again[0].weight is not tied[0].weight


def double_output(module, args, output):
    return output * 2


def test_parameters():
    data = torch.ones(2)
    p = nn.Parameter(data)
    p.data.zero_()
    assert data.tolist() == [0, 0] and p.requires_grad and p.is_leaf
    assert isinstance(p, torch.Tensor) and not nn.Parameter(data, requires_grad=False).requires_grad
    assert repr(p).startswith("Parameter containing:\ntensor(")
    assert type(p * 2) is torch.Tensor and type(p.detach()) is torch.Tensor
    (p * 2).sum().backward()
    assert p.grad.tolist() == [2, 2] and copy.deepcopy(p).grad is None
    whole = nn.Parameter(torch.tensor([1, 2]), requires_grad=False)
    assert pickle.loads(pickle.dumps(whole)).tolist() == [1, 2]
    with pytest.raises(TypeError, match="requires_grad"):
        nn.Parameter(torch.tensor([1, 2]))


def test_conversions():
    block = Block()
    (block(torch.ones(1, 2)).sum()).backward()
    block.register_buffer("steps", torch.tensor(3))
    assert block.double() is block and block.scale.dtype is torch.float64
    assert block.scale.grad.dtype is torch.float64 and block.count.dtype is torch.float64
    assert block.steps.dtype is torch.int64 and type(block.scale) is nn.Parameter
    assert block.to(torch.float32).scale.dtype is torch.float32
    assert block.to("cpu", torch.float64).scale.dtype is torch.float64
    assert block.to(torch.ones(1)).scale.dtype is torch.float32
    assert (block.half().scale.dtype is torch.float16
            and block.bfloat16().scale.dtype is torch.bfloat16)
    assert block.float().cpu().scale.dtype is torch.float32
    with pytest.raises(TypeError, match="only accepts floating point or complex dtypes"):
        block.to(torch.int64)
    with pytest.raises(torch.DeviceError, match="CUDA"):
        block.cuda()
    meta = Block().to_empty(device="meta")
    assert meta.scale.device.type == "meta" and meta.linear.weight.shape == (3, 2)


def test_training_gradients_and_apply():
    net = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))
    assert net.eval() is net and not net[1].training and net.train()[1].training
    with pytest.raises(ValueError, match="boolean"):
        net.train(1)
    net[0](torch.ones(1, 2)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert net[0].weight.grad.tolist() == [[0, 0], [0, 0]]
    net.zero_grad()
    assert net[0].weight.grad is None
    assert net.requires_grad_(False) is net and not net[0].weight.requires_grad
    seen = []
    net.apply(lambda module: seen.append(type(module).__name__))
    assert seen == ["Linear", "Dropout", "Sequential"]


def test_looking_up_by_name():
    net = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.BatchNorm1d(2)))
    assert net.get_submodule("1.0") is net[1][0] and net.get_submodule("") is net
    assert net.get_parameter("0.weight") is net[0].weight
    assert net.get_buffer("1.0.running_mean") is net[1][0].running_mean
    net.set_submodule("1.0", nn.ReLU())
    assert isinstance(net[1][0], nn.ReLU)
    with pytest.raises(AttributeError, match="Sequential has no attribute `7`"):
        net.get_submodule("7.a")
    with pytest.raises(AttributeError, match="not an nn.Module"):
        net.get_submodule("0.weight")
    with pytest.raises(AttributeError, match="not an nn.Parameter"):
        net.get_parameter("0.in_features")
    with pytest.raises(AttributeError, match="is not a buffer"):
        net.get_buffer("0.weight")


def test_text():
    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.block = nn.Sequential(nn.Linear(2, 3), nn.ReLU(inplace=True))
            self.gone = None

        def extra_repr(self):
            return "one\ntwo"

    assert repr(Outer()) == ("Outer(\n  one\n  two\n  (block): Sequential(\n"
                             "    (0): Linear(in_features=2, out_features=3, bias=True)\n"
                             "    (1): ReLU(inplace=True)\n  )\n)")
    assert repr(nn.Sequential()) == "Sequential()" and repr(nn.Tanh()) == "Tanh()"


def test_super_getattr_and_properties():
    class Wrapper(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def __getattr__(self, name):
            try:
                return super().__getattr__(name)
            except AttributeError:
                return getattr(super().__getattr__("inner"), name)

        @property
        def twice(self):
            return self.inner.in_features * 2

    wrapper = Wrapper(nn.Linear(2, 3))
    assert wrapper.in_features == 2 and wrapper.twice == 4 and wrapper.weight.shape == (3, 2)
    with pytest.raises(AttributeError, match="nowhere"):
        wrapper.nowhere


def test_a_forward_of_the_instances_own():
    linear = nn.Linear(2, 2)
    linear.forward = lambda x: x + 1
    assert linear(torch.zeros(1)).item() == 1


def test_kinds_of_forward():
    class Static(nn.Module):
        forward = staticmethod(lambda x, *rest: (x, *rest))

    class Many(nn.Module):
        def forward(self, *args, **kwargs):
            return args, kwargs

    assert Static()(1, 2) == (1, 2)
    assert Many()(*range(20), a=1) == (tuple(range(20)), {"a": 1})
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'input'"):
        nn.Linear(1, 1)()

    class Uninitialized(nn.Module):
        def __init__(self):
            self.number = 1

        def forward(self):
            return self.number

    with pytest.raises(AttributeError, match="cannot call Uninitialized before Module.__init__"):
        Uninitialized()()


def test_attributes_of_classes_that_change():
    class Plain(nn.Module):
        size = 3

        def __init_subclass__(cls, **keywords):
            pass

        @property
        def broken(self):
            return self.nowhere

    class Below(Plain):
        pass

    for kind in Plain, Below:
        module = kind()
        module.w = nn.Parameter(torch.ones(1))
        assert module.size == 3 and module.w.item() == 1 and module.forward
        with pytest.raises(AttributeError, match="nowhere" if kind is Plain else "broken"):
            module.broken
        module.size = 4
        assert module.size == 4 and kind.size == 3
        with pytest.raises(AttributeError,
                           match=f"'{kind.__name__}' object has no attribute 'nine'"):
            module.nine
    Plain.__getattr__ = lambda self, name: name
    assert Plain().nine == Below().nine == "nine"
    del Plain.__getattr__
    with pytest.raises(AttributeError, match="nine"):
        Below().nine


def test_modules_are_freed_without_the_collector():
    reference = weakref.ref(nn.Sequential(nn.Linear(1, 1), nn.ReLU()))
    assert reference() is None
    looped = nn.ModuleList([nn.ReLU()])
    looped.__dict__["itself"] = looped
    reference = weakref.ref(looped[0])
    del looped
    gc.collect()
    assert reference() is None
