"""tenon.amp for the CPU."""

from .. import amp as _amp


class autocast(_amp.autocast):
    """tenon.autocast("cpu", ...)."""

    def __init__(self, dtype=None, enabled=True, cache_enabled=True):
        super().__init__("cpu", dtype, enabled, cache_enabled)


class GradScaler(_amp.GradScaler):
    """tenon.amp.GradScaler("cpu", ...)."""

    def __init__(self, init_scale=2.0**16, growth_factor=2.0, backoff_factor=0.5,
                 growth_interval=2000, enabled=True):
        super().__init__("cpu", init_scale, growth_factor, backoff_factor, growth_interval, enabled)
