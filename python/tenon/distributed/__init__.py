"""Process groups of one process. Programs written for several run alone, unchanged: a sum over the
group is the value itself. There are no groups of more."""

import os

from .. import _core

__all__ = ["Backend", "ReduceOp", "all_gather", "all_gather_into_tensor", "all_gather_object",
           "all_reduce", "all_to_all", "all_to_all_single", "barrier", "broadcast",
           "broadcast_object_list", "destroy_process_group", "gather", "gather_object",
           "get_backend", "get_rank", "get_world_size", "group", "init_process_group",
           "is_available", "is_gloo_available", "is_initialized", "is_mpi_available",
           "is_nccl_available", "is_torchelastic_launched", "monitored_barrier", "new_group",
           "reduce", "reduce_op", "reduce_scatter", "reduce_scatter_tensor", "scatter"]


class ReduceOp:
    """How values are combined."""

    SUM, AVG, PRODUCT, MIN, MAX, BAND, BOR, BXOR = ("sum", "avg", "product", "min", "max", "band",
                                                    "bor", "bxor")


reduce_op = ReduceOp  # its older name


class Backend(str):
    """The name of a way to communicate."""

    UNDEFINED, GLOO, NCCL, MPI = "undefined", "gloo", "nccl", "mpi"


class _Group:
    def rank(self):
        return 0

    def size(self):
        return 1


class group:
    """The default group, where there is one."""

    WORLD = None


_state = {"group": None, "backend": None}


class _Done:
    """A communication that has ended already."""

    def wait(self, timeout=None):
        return True

    def is_completed(self):
        return True


def _done(async_op):
    return _Done() if async_op else None


def is_available():
    """True."""
    return True


def is_initialized():
    """Whether there is a group."""
    return _state["group"] is not None


def is_gloo_available():
    return False


def is_mpi_available():
    return False


def is_nccl_available():
    return False


def is_torchelastic_launched():
    """Whether torchrun started the process."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def init_process_group(backend=None, init_method=None, timeout=None, world_size=-1, rank=-1,
                       store=None, group_name="", pg_options=None, device_id=None):
    """Makes the group, of `world_size` processes: the argument, or the environment's WORLD_SIZE."""
    if is_initialized():
        raise ValueError("trying to initialize the default process group twice!")
    size = world_size if world_size > 0 else int(os.environ.get("WORLD_SIZE", 1))
    if size != 1:
        raise _core.ValueError(f"[init_process_group] groups have one process here, not {size}; "
                               "run it without torchrun, or with --nproc_per_node=1")
    if str(backend).startswith("nccl"):
        raise _core.DeviceError("[init_process_group] this build has no CUDA devices for 'nccl'; "
                                "use 'gloo'")
    _state.update(group=_Group(), backend=Backend(backend or "gloo"))
    group.WORLD = _state["group"]


def destroy_process_group(group=None):
    """There is no group from here on."""
    _own(group)
    if group is None or group is _state["group"]:
        _state.update(group=None, backend=None)
        globals()["group"].WORLD = None


def _own(group):
    if not is_initialized():
        raise ValueError("Default process group has not been initialized, please make sure to call "
                         "init_process_group.")
    return group or _state["group"]


def new_group(ranks=None, timeout=None, backend=None, pg_options=None,
              use_local_synchronization=False, group_desc=None):
    """A group of some of the processes."""
    _own(None)
    if ranks is not None and list(ranks) != [0]:
        raise ValueError(f"new_group: the only rank is 0, not {list(ranks)}")
    return _Group()


def get_rank(group=None):
    """0."""
    return _own(group).rank()


def get_world_size(group=None):
    """1."""
    return _own(group).size()


def get_backend(group=None):
    """The backend that was asked for."""
    _own(group)
    return _state["backend"]


def barrier(group=None, async_op=False, device_ids=None):
    """Waits for all processes."""
    _own(group)
    return _done(async_op)


def monitored_barrier(group=None, timeout=None, wait_all_ranks=False):
    """Waits for all processes."""
    _own(group)


def _check_rank(rank, call, group):
    _own(group)
    if rank != 0:
        raise ValueError(f"{call}: the only rank is 0, not {rank}")


def all_reduce(tensor, op=ReduceOp.SUM, group=None, async_op=False):
    """The combination of all processes' tensors, in place."""
    _own(group)
    return _done(async_op)


def reduce(tensor, dst=0, op=ReduceOp.SUM, group=None, async_op=False):
    """As `all_reduce`, for one process."""
    _check_rank(dst, "reduce", group)
    return _done(async_op)


def broadcast(tensor, src=0, group=None, async_op=False):
    """One process's tensor for all, in place."""
    _check_rank(src, "broadcast", group)
    return _done(async_op)


def broadcast_object_list(object_list, src=0, group=None, device=None):
    """One process's objects for all, in place."""
    _check_rank(src, "broadcast_object_list", group)


def _copy(targets, sources, call):
    if len(targets) != len(sources):
        raise ValueError(f"{call}: expected a list of {len(sources)}, got {len(targets)}")
    for target, source in zip(targets, sources):
        target.copy_(source)


def all_gather(tensor_list, tensor, group=None, async_op=False):
    """All processes' tensors, into those of the list."""
    _own(group)
    _copy(tensor_list, [tensor], "all_gather")
    return _done(async_op)


def all_gather_into_tensor(output_tensor, input_tensor, group=None, async_op=False):
    """All processes' tensors as one."""
    _own(group)
    output_tensor.copy_(input_tensor.reshape(output_tensor.shape))
    return _done(async_op)


def all_gather_object(object_list, obj, group=None):
    """All processes' objects, into the list."""
    _own(group)
    object_list[0] = obj


def gather(tensor, gather_list=None, dst=0, group=None, async_op=False):
    """All processes' tensors, for one process."""
    _check_rank(dst, "gather", group)
    _copy(gather_list, [tensor], "gather")
    return _done(async_op)


def gather_object(obj, object_gather_list=None, dst=0, group=None):
    """All processes' objects, for one process."""
    _check_rank(dst, "gather_object", group)
    object_gather_list[0] = obj


def scatter(tensor, scatter_list=None, src=0, group=None, async_op=False):
    """One process's tensors, one for each."""
    _check_rank(src, "scatter", group)
    _copy([tensor], scatter_list, "scatter")
    return _done(async_op)


def reduce_scatter(output, input_list, op=ReduceOp.SUM, group=None, async_op=False):
    """The combination of all processes' lists, a part for each."""
    _own(group)
    _copy([output], input_list, "reduce_scatter")
    return _done(async_op)


def reduce_scatter_tensor(output, input, op=ReduceOp.SUM, group=None, async_op=False):
    """The combination of all processes' tensors, a part for each."""
    _own(group)
    output.copy_(input.reshape(output.shape))
    return _done(async_op)


def all_to_all(output_tensor_list, input_tensor_list, group=None, async_op=False):
    """From each process a tensor for each."""
    _own(group)
    _copy(output_tensor_list, input_tensor_list, "all_to_all")
    return _done(async_op)


def all_to_all_single(output, input, output_split_sizes=None, input_split_sizes=None, group=None,
                      async_op=False):
    """From each process a part for each."""
    _own(group)
    output.copy_(input.reshape(output.shape))
    return _done(async_op)
