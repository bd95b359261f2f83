"""tf.distribute: strategies, with the one device that there is as their only replica."""

import contextlib

from .._eager import nest
from ._control import _as_tensor

_default = None


class ReduceOp:
    """How results of replicas become one."""

    SUM, MEAN = "SUM", "MEAN"


class ReplicaContext:
    """Of code that runs as a replica."""

    num_replicas_in_sync = 1
    replica_id_in_sync_group = 0

    def all_reduce(self, reduce_op, value, options=None):
        """The value: there is one replica."""
        return value

    def merge_call(self, merge_fn, args=(), kwargs=None):
        """merge_fn of the strategy and arguments."""
        return merge_fn(get_strategy(), *args, **(kwargs or {}))


class Strategy:
    """Runs functions on one replica."""

    num_replicas_in_sync = 1

    def __init__(self, extended=None):
        self.extended = self

    @contextlib.contextmanager
    def scope(self):
        """Variables that are made within belong to the strategy."""
        global _default
        before, _default = _default, self
        try:
            yield self
        finally:
            _default = before

    def run(self, fn, args=(), kwargs=None, options=None):
        """fn(*args, **kwargs)."""
        return fn(*args, **(kwargs or {}))

    def reduce(self, reduce_op, value, axis):
        """A result of `run` as one; over an axis, its sum or mean."""
        from .math import reduce_mean, reduce_sum

        if axis is None:
            return value
        is_sum = str(getattr(reduce_op, "name", reduce_op)).upper().endswith("SUM")
        reduced = reduce_sum if is_sum else reduce_mean
        return nest.map_structure(lambda one: reduced(_as_tensor(one), axis), value)

    def gather(self, value, axis):
        """The value."""
        return value

    def experimental_distribute_dataset(self, dataset, options=None):
        """The dataset."""
        return dataset

    def distribute_datasets_from_function(self, dataset_fn, options=None):
        """The dataset that dataset_fn gives."""
        return dataset_fn(InputContext())

    def experimental_local_results(self, value):
        """The results of the replicas, as a tuple."""
        return (value,)


class InputContext:
    """Which part of the input a dataset is for: all of it."""

    num_input_pipelines, input_pipeline_id, num_replicas_in_sync = 1, 0, 1

    def get_per_replica_batch_size(self, global_batch_size):
        """The batch size."""
        return global_batch_size


class MirroredStrategy(Strategy):
    """For several devices of one machine, of which there is one."""

    def __init__(self, devices=None, cross_device_ops=None):
        super().__init__()
        if devices is not None and len(devices) > 1:
            raise ValueError(f"MirroredStrategy(): {len(devices)} devices are given; there is one, "
                             "the CPU")


class _Reducing:
    """How several devices' values become one; of one device's, nothing is to be done."""

    def __init__(self, num_packs=1):
        self.num_packs = num_packs


class HierarchicalCopyAllReduce(_Reducing):
    """By hierarchical copies."""


class NcclAllReduce(_Reducing):
    """By NCCL."""


class ReductionToOneDevice(_Reducing):
    """On one device."""

    def __init__(self, reduce_to_device=None, accumulation_fn=None):
        super().__init__()


class InputOptions:
    """How datasets are distributed, to one device."""

    def __init__(self, experimental_fetch_to_device=None, experimental_replication_mode=None,
                 experimental_place_dataset_on_device=False,
                 experimental_per_replica_buffer_size=1):
        self.experimental_fetch_to_device = experimental_fetch_to_device
        self.experimental_replication_mode = experimental_replication_mode
        self.experimental_place_dataset_on_device = experimental_place_dataset_on_device
        self.experimental_per_replica_buffer_size = experimental_per_replica_buffer_size


class OneDeviceStrategy(Strategy):
    """For one device."""

    def __init__(self, device="/cpu:0"):
        super().__init__()


def get_strategy():
    """The strategy whose scope this is in; else one that changes nothing."""
    return _default if _default is not None else Strategy()


def has_strategy():
    """Whether this is in a strategy's scope."""
    return _default is not None


def get_replica_context():
    """The context of the only replica."""
    return ReplicaContext()


def in_cross_replica_context():
    """Whether this is in a strategy's scope."""
    return has_strategy()
