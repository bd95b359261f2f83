"""DistributedDataParallel, for code that is written for several processes."""

import contextlib

from ... import distributed
from ..modules.module import Module


class DistributedDataParallel(Module):
    """Averages the gradients of a module over the processes of a group, of which there is one here
    (`tenon.distributed`): it calls `module`."""

    def __init__(self, module, device_ids=None, output_device=None, dim=0, broadcast_buffers=True,
                 init_sync=True, process_group=None, bucket_cap_mb=None,
                 find_unused_parameters=False, check_reduction=False,
                 gradient_as_bucket_view=False, static_graph=False, **_):
        super().__init__()
        distributed.get_rank(process_group)  # raises where there is no group
        if not any(p.requires_grad for p in module.parameters()):
            raise RuntimeError("DistributedDataParallel is not needed when a module doesn't have "
                               "any parameter that requires a gradient.")
        self.module, self.dim, self.device_ids = module, dim, None
        self.require_backward_grad_sync = True

    def forward(self, *inputs, **kwargs):
        return self.module(*inputs, **kwargs)

    @contextlib.contextmanager
    def no_sync(self):
        """Within `with`, gradients are added up without being averaged."""
        before, self.require_backward_grad_sync = self.require_backward_grad_sync, False
        try:
            yield
        finally:
            self.require_backward_grad_sync = before
