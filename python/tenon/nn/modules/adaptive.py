"""Classes by the frequency with which they come up."""

from collections import namedtuple

from ... import _core
from .. import functional as F
from .container import ModuleList, Sequential
from .linear import Linear
from .module import Module

#: What `AdaptiveLogSoftmaxWithLoss` gives: the log probability of each target, and the mean of
#: their negatives.
_ASMoutput = namedtuple("_ASMoutput", ["output", "loss"])


class AdaptiveLogSoftmaxWithLoss(Module):
    """log_softmax over many classes, in the order of their frequency (Grave et al. 2017): the first
    `cutoffs[0]` have places of their own in the head; those from one cutoff to the next are a
    cluster, which has one place there and a softmax of its own, in in_features / div_value^i
    dims. Called with inputs (N, in_features) and classes (N), or one row and one class."""

    def __init__(self, in_features, n_classes, cutoffs, div_value=4.0, head_bias=False, device=None,
                 dtype=None):
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        if (cutoffs != sorted(set(cutoffs)) or cutoffs[0] <= 0 or cutoffs[-1] > n_classes - 1
                or any(int(cutoff) != cutoff for cutoff in cutoffs)):
            raise ValueError("cutoffs should be a sequence of unique, positive integers sorted in "
                             "an increasing order, where each value is between 1 and n_classes-1")
        self.in_features, self.n_classes = in_features, n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value, self.head_bias = div_value, head_bias
        self.shortlist_size, self.n_clusters = cutoffs[0], len(cutoffs)
        self.head_size = self.shortlist_size + self.n_clusters
        options = dict(device=device, dtype=dtype)
        self.head = Linear(in_features, self.head_size, bias=head_bias, **options)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            size = self.cutoffs[i + 1] - self.cutoffs[i]
            inner = int(in_features // div_value ** (i + 1))
            self.tail.append(Sequential(Linear(in_features, inner, bias=False, **options),
                                        Linear(inner, size, bias=False, **options)))

    def reset_parameters(self):
        """Draws the initial values anew."""
        self.head.reset_parameters()
        for first, second in self.tail:
            first.reset_parameters()
            second.reset_parameters()

    def forward(self, input, target):
        is_batch = target.dim() > 0
        if input.dim() != target.dim() + 1 or target.dim() > 1:
            raise _core.ShapeError("[AdaptiveLogSoftmaxWithLoss] expected inputs (N, in_features) "
                                   "and classes (N), or (in_features) and one class, got "
                                   f"{tuple(input.shape)} and {tuple(target.shape)}")
        rows, classes = (input, target) if is_batch else (input[None], target[None])
        self._check(classes, len(rows))
        head = F.log_softmax(self.head(rows), dim=1)
        place = classes.clone()  # in the head
        parts = []
        for i in range(self.n_clusters):
            low, high = self.cutoffs[i:i + 2]
            where = ((classes >= low) & (classes < high)).nonzero().squeeze(1)
            if where.numel() == 0:
                continue
            place[where] = self.shortlist_size + i
            within = F.log_softmax(self.tail[i](rows[where]), dim=1)
            parts.append((where, within.gather(1, (classes[where] - low)[:, None]).squeeze(1)))
        output = head.gather(1, place[:, None]).squeeze(1)
        for where, log_probabilities in parts:
            output = output.index_add(0, where, log_probabilities)
        output = output if is_batch else output.squeeze(0)
        return _ASMoutput(output, (-output).mean())

    def _check(self, classes, count):
        if len(classes) != count:
            raise _core.ShapeError("[AdaptiveLogSoftmaxWithLoss] Input and target should have the "
                                   f"same size in the batch dimension, got {count} and "
                                   f"{len(classes)}")
        if count and (classes.min().item() < 0 or classes.max().item() >= self.n_classes):
            raise _core.IndexError("[AdaptiveLogSoftmaxWithLoss] classes should be from 0 to "
                                   f"{self.n_classes - 1}, got {classes.min().item()} to "
                                   f"{classes.max().item()}")

    def log_prob(self, input):
        """The log probabilities of all classes, (N, n_classes)."""
        head = F.log_softmax(self.head(input), dim=1)
        clusters = [F.log_softmax(tail(input), dim=1) + head[:, self.shortlist_size + i, None]
                    for i, tail in enumerate(self.tail)]
        return _core.cat([head[:, :self.shortlist_size], *clusters], 1)

    def predict(self, input):
        """The class of the greatest probability of each row."""
        return self.log_prob(input).argmax(1)
