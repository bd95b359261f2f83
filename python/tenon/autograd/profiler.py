"""The older names of torch.profiler."""

from ..profiler import (EventList, FunctionEvent, FunctionEventAvg, record_function,
                        profile as _profile)

__all__ = ["EventList", "FunctionEvent", "FunctionEventAvg", "profile", "record_function"]


class profile(_profile):
    """`torch.profiler.profile` of what runs within `with`, and nothing unless `enabled`."""

    def __init__(self, enabled=True, **options):
        super().__init__(**{name: value for name, value in options.items()
                            if name in ("record_shapes", "profile_memory", "with_stack")})
        self.enabled = enabled

    def start(self):
        if self.enabled:
            super().start()

    def table(self, sort_by=None, row_limit=100, **options):
        """The averages as text."""
        return self.key_averages().table(sort_by, row_limit, **options)

    def total_average(self):
        """All events as one."""
        return self.key_averages().total_average()

    function_events = property(lambda self: self.events())
    self_cpu_time_total = property(lambda self: self.total_average().self_cpu_time_total)
