"""Options of datasets."""

import enum


class AutoShardPolicy(enum.IntEnum):
    """How datasets are dealt out to workers, of which there is one."""

    OFF, AUTO, FILE, DATA, HINT = -1, 0, 1, 2, 3


class ExternalStatePolicy(enum.Enum):
    """What becomes of state outside of a dataset."""

    WARN, IGNORE, FAIL = 0, 1, 2


class _Settings:
    """Named settings, None unless set; others are refused."""

    _names = ()

    def __init__(self):
        for name in self._names:
            self.__dict__[name] = None

    def __setattr__(self, name, value):
        if name not in self._names:
            raise AttributeError(f"Cannot set the property {name} on {type(self).__name__}.")
        self.__dict__[name] = value

    def __eq__(self, other):
        return type(self) is type(other) and self.__dict__ == other.__dict__

    __hash__ = None

    def __repr__(self):
        return f"{type(self).__name__}({self.__dict__})"


class ThreadingOptions(_Settings):
    """Of threads."""

    _names = ("max_intra_op_parallelism", "private_threadpool_size")


class AutotuneOptions(_Settings):
    """Of what is tuned while datasets run."""

    _names = ("autotune_algorithm", "cpu_budget", "enabled", "initial_parallelism",
              "min_parallelism",
              "ram_budget")


class DistributeOptions(_Settings):
    """Of several workers."""

    _names = ("auto_shard_policy", "num_devices")


class OptimizationOptions(_Settings):
    """Of how datasets are changed before they run."""

    _names = ("apply_default_optimizations", "filter_fusion", "filter_parallelization",
              "inject_prefetch", "map_and_batch_fusion", "map_and_filter_fusion", "map_fusion",
              "map_parallelization", "noop_elimination", "parallel_batch",
              "seq_interleave_prefetch",
              "shuffle_and_repeat_fusion", "warm_start")


class Options(_Settings):
    """What TensorFlow lets its pipelines be told. Elements are the same whatever they say: they
    come in order, and maps run in threads where they are asked to."""

    _names = ("autotune", "dataset_name", "deterministic", "experimental_deterministic",
              "experimental_distribute", "experimental_external_state_policy",
              "experimental_optimization", "experimental_slack", "experimental_symbolic_checkpoint",
              "experimental_threading", "experimental_warm_start", "framework_type", "threading")

    def __init__(self):
        super().__init__()
        self.autotune, self.threading = AutotuneOptions(), ThreadingOptions()
        self.experimental_threading = self.threading
        self.experimental_distribute = DistributeOptions()
        self.experimental_optimization = OptimizationOptions()

    def merge(self, options):
        """These, where the others don't say."""
        made = Options()
        for given in (self, options):
            for name, value in given.__dict__.items():
                if isinstance(value, _Settings):
                    for inner, one in value.__dict__.items():
                        if one is not None:
                            setattr(getattr(made, name), inner, one)
                elif value is not None:
                    setattr(made, name, value)
        return made
