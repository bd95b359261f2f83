"""tf.summary: event files, which TensorBoard reads."""

import contextlib
import threading

import numpy

from .. import _core
from .._eager import convert
from .._eager.strings import StringTensor
from .._eager.tensor import CoreTensor
from ..utils._protobuf import field
from ..utils.events import EventWriter


class _Current(threading.local):
    def __init__(self):
        self.writers, self.step, self.scope, self.records = [], None, [], True


_current = _Current()


class SummaryWriter:
    """Writes events to a file in a directory."""

    def __init__(self, logdir, filename_suffix=""):
        self._events = EventWriter(logdir, filename_suffix)

    @contextlib.contextmanager
    def as_default(self, step=None):
        """Within `with`, summaries go to this writer."""
        before = _current.step
        _current.writers.append(self)
        if step is not None:
            _current.step = step
        try:
            yield self
        finally:
            _current.writers.pop()
            _current.step = before
            self.flush()

    def set_as_default(self, step=None):
        """Summaries of this thread go to this writer from here on."""
        _current.writers.append(self)
        if step is not None:
            _current.step = step

    def flush(self):
        """What was written is in the file from here on."""
        self._events.flush()

    def close(self):
        """Writes the end."""
        self._events.close()


def create_file_writer(logdir, max_queue=None, flush_millis=None, filename_suffix=None, name=None,
                       experimental_trackable=False):
    """A writer of events into a directory."""
    return SummaryWriter(logdir, filename_suffix or "")


class _NoWriter:
    """Takes summaries and writes none."""

    @contextlib.contextmanager
    def as_default(self, step=None):
        """Within `with`, summaries go nowhere."""
        _current.writers.append(None)
        try:
            yield self
        finally:
            _current.writers.pop()

    def set_as_default(self, step=None):
        _current.writers.append(None)

    def flush(self):
        """Nothing."""

    close = flush


def create_noop_writer():
    """A writer that writes nothing."""
    return _NoWriter()


def _metadata(plugin):
    kind = {"scalars": 1, "images": 3}.get(plugin, 2)  # a number, images, a tensor
    return field(9, field(1, field(1, plugin)) + field(4, kind))


def _tensor_proto(value):
    from .io import serialize_tensor

    return serialize_tensor(value).numpy()


def _summary(tag, plugin, value, step):
    """Writes a value; False where there is no writer."""
    writer = _current.writers[-1] if _current.writers else None
    if writer is None or not _current.records:
        return False
    step = _current.step if step is None else step
    if step is None:
        raise ValueError("No step set. Please specify one either through the `step` argument or "
                         "through tf.summary.experimental.set_step()")
    tag = "/".join([*_current.scope, tag])
    body = field(1, tag) + field(8, _tensor_proto(value)) + _metadata(plugin)
    writer._events.write(field(5, field(1, body)), step)
    return True


def scalar(name, data, step=None, description=None):
    """A number."""
    made = convert.tensor(data)
    if made.dim() != 0:
        raise ValueError(f"scalar(): data has shape {tuple(made.shape)}; a number is expected")
    return _summary(name, "scalars", made.detach().to(_core.float32), step)


def histogram(name, data, step=None, buckets=None, description=None):
    """How often elements lie where: 30 buckets, or as many as asked for."""
    values = numpy.asarray(convert.tensor(data).detach().to(_core.float64)).reshape(-1)
    count = 30 if buckets is None else int(buckets)
    if not values.size or not count:
        rows = numpy.zeros((0, 3))
    elif values.min() == values.max():  # all in the last bucket around the one value
        centre = values.min()
        rows = numpy.full((count, 3), [centre, centre, 0.0])
        rows[-1, 2] = values.size
    else:
        counts, edges = numpy.histogram(values, count)
        rows = numpy.stack([edges[:-1], edges[1:], counts], 1)
    return _summary(name, "histograms", _core.tensor_of_data(rows, None), step)


def image(name, data, step=None, max_outputs=3, description=None):
    """Images (N, height, width, channels), uint8 or floats in [0, 1], the first `max_outputs`."""
    from .image import convert_image_dtype
    from .io import encode_png

    images = convert.tensor(data).detach()
    if images.dim() != 4:
        raise ValueError(f"image(): data has shape {tuple(images.shape)}; (N, height, width, "
                         "channels) is expected")
    if images.dtype is not _core.uint8:
        images = convert_image_dtype(_core.clamp(images, 0, 1), _core.uint8)
    height, width = images.shape[1:3]
    shown = [encode_png(one).numpy() for one in list(images)[:max_outputs]]
    return _summary(name, "images", StringTensor([str(width), str(height), *shown]), step)


def text(name, data, step=None, description=None):
    """Text, which is shown as Markdown."""
    return _summary(name, "text", convert.tensor(data), step)


def write(tag, tensor, step=None, metadata=None, name=None):
    """A tensor, which no part of TensorBoard shows by itself."""
    value = convert.tensor(tensor)
    return _summary(tag, "tensor", value.detach() if isinstance(value, CoreTensor) else value, step)


def flush(writer=None, name=None):
    """Of the writer that summaries go to, or another: what was written is in the file."""
    writer = writer or (_current.writers[-1] if _current.writers else None)
    if writer is not None:
        writer.flush()


@contextlib.contextmanager
def record_if(condition):
    """Within `with`, summaries are written where the condition holds."""
    before = _current.records
    _current.records = bool(condition() if callable(condition) else condition)
    try:
        yield
    finally:
        _current.records = before


def should_record_summaries():
    """Whether a summary would be written."""
    return bool(_current.writers and _current.writers[-1] is not None and _current.records)


class experimental:
    """The step that summaries have by default."""

    @staticmethod
    def set_step(step):
        """Summaries without a step have this one."""
        _current.step = step

    @staticmethod
    def get_step():
        return _current.step
