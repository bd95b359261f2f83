"""Samples shared out among the processes of a distributed run."""

from ... import _core
from .sampler import Sampler


class DistributedSampler(Sampler):
    """The part of process `rank` of `num_replicas`: every num_replicas-th sample of an order that
    is the same for all of them. All parts are of one length: samples from the beginning come twice,
    or, with `drop_last`, some at the end are left out. `set_epoch` gives each epoch an order of its
    own."""

    def __init__(self, dataset, num_replicas=None, rank=None, shuffle=True, seed=0,
                 drop_last=False):
        if num_replicas is None or rank is None:
            from ... import distributed

            if not distributed.is_initialized():
                raise RuntimeError("DistributedSampler needs num_replicas and rank: there is no "
                                   "process group to ask")
            num_replicas = distributed.get_world_size() if num_replicas is None else num_replicas
            rank = distributed.get_rank() if rank is None else rank
        if not 0 <= rank < num_replicas:
            raise ValueError(f"Invalid rank {rank}, rank should be in the interval "
                             f"[0, {num_replicas - 1}]")
        self.dataset, self.num_replicas, self.rank = dataset, num_replicas, rank
        self.shuffle, self.seed, self.drop_last, self.epoch = shuffle, seed, drop_last, 0
        count = len(dataset)
        self.num_samples = count // num_replicas if drop_last else -(-count // num_replicas)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self):
        if self.shuffle:
            generator = _core.Generator().manual_seed(self.seed + self.epoch)
            order = _core.randperm(len(self.dataset), generator=generator).tolist()
        else:
            order = list(range(len(self.dataset)))
        if not self.drop_last and order:
            order = (order * -(-self.total_size // len(order)))
        return iter(order[self.rank:self.total_size:self.num_replicas])

    def __len__(self):
        return self.num_samples

    def set_epoch(self, epoch):
        """To be called before each epoch, so that its order is another one."""
        self.epoch = epoch
