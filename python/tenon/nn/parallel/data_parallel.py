"""DataParallel, for code that is written for several GPUs."""

from ..modules.module import Module


class DataParallel(Module):
    """Splits batches over GPUs. Without GPUs, as here, it calls `module`, which gets the whole
    batch: what PyTorch's does, too, where it finds none."""

    def __init__(self, module, device_ids=None, output_device=None, dim=0):
        super().__init__()
        self.module, self.dim = module, dim
        self.device_ids, self.output_device = [], None

    def forward(self, *inputs, **kwargs):
        return self.module(*inputs, **kwargs)


def data_parallel(module, inputs, device_ids=None, output_device=None, dim=0, module_kwargs=None):
    """Calls `module`, as `DataParallel` does."""
    inputs = inputs if isinstance(inputs, tuple) else (inputs,)
    return module(*inputs, **(module_kwargs or {}))
