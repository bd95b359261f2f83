"""What ops keep for their gradients: hooks on saved tensors."""

import contextlib

from .. import _core

__all__ = ["disable_saved_tensors_hooks", "save_on_cpu", "saved_tensors_hooks"]


class saved_tensors_hooks:
    """Within `with`, each tensor that an op saves for its gradient is given to `pack_hook`, and
    what that makes of it is kept in its place; backward passes give it to `unpack_hook`, which
    gives the tensor back: of the same sizes and dtype. Of several, the innermost is called.

        with torch.autograd.graph.saved_tensors_hooks(lambda x: x.numpy(), torch.from_numpy):
            y = model(x)
        y.sum().backward()

    The tensor has no gradient history, and mustn't be written. Compiled functions call the hooks,
    too, in each call that runs their code: those of `compile(pure=True)` do so at first only.
    """

    def __init__(self, pack_hook, unpack_hook):
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self):
        _core._push_saved_tensors_hooks(self.pack_hook, self.unpack_hook)

    def __exit__(self, *_):
        _core._pop_saved_tensors_hooks()


class save_on_cpu(saved_tensors_hooks):
    """Within `with`, tensors that ops save are kept in the CPU's memory, and go back to their
    device in backward."""

    def __init__(self, pin_memory=False, device_type="cuda"):
        super().__init__(lambda tensor: (tensor.device, tensor.cpu()),
                         lambda packed: packed[1].to(packed[0]))


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message):
    """Within `with`, or a decorated function, hooks on saved tensors are a RuntimeError with this
    message."""
    before = _core._disable_saved_tensors_hooks(error_message)
    try:
        yield
    finally:
        _core._disable_saved_tensors_hooks(before)
