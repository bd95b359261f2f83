"""SummaryWriter: what training writes for TensorBoard to show."""

import io
import os
import time

from .. import _core
from ._protobuf import double_field, field
from .events import EventWriter

__all__ = ["SummaryWriter"]


def _tensor(value, what):
    if isinstance(value, _core.Tensor):
        return value.detach()
    try:
        return _core.tensor_of_data(value, None)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{what}: expected a tensor, an array or numbers, not "
                        f"{type(value).__name__}") from error


def _number(value, what):
    made = _tensor(value, what)
    if made.numel() != 1:
        raise ValueError(f"{what}: expected one number, got sizes {tuple(made.shape)}")
    return float(made.item())


def _pillow():
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("SummaryWriter's images are written by Pillow: pip install pillow"
                          ) from error
    return Image


def _rows_of_pixels(image, dataformats, what):
    """uint8 [height, width, channels] of an image whose dims are in this order."""
    image, order = _tensor(image, what), dataformats.upper()
    if len(order) != image.dim() or set(order) - set("NCHWT"):
        raise ValueError(f"{what}: dataformats {dataformats!r} doesn't fit an image of sizes "
                         f"{tuple(image.shape)}")
    if image.dtype != _core.uint8:
        image = (image.double() * 255).clamp(0, 255).to(_core.uint8)
    if order == "HW":
        image, order = image.unsqueeze(-1), "HWC"
    if "N" in order:
        image = image.permute(tuple(order.index(dim) for dim in "NHWC"))
        count = image.shape[0]
        columns = min(8, count)
        short = -count % columns
        if short:
            image = _core.cat([image, _core.zeros((short, *image.shape[1:]), dtype=image.dtype)])
        rows = image.unflatten(0, (-1, columns)).permute((0, 2, 1, 3, 4))
        return rows.flatten(0, 1).flatten(1, 2)
    return image.permute(tuple(order.index(dim) for dim in "HWC"))


def _picture(pixels):
    """Pillow's image of uint8 [height, width, channels]."""
    array = pixels.contiguous().numpy()
    return _pillow().fromarray(array[..., 0] if array.shape[-1] == 1 else array)


def _image_message(encoded, height, width, channels):
    return field(4, field(1, height) + field(2, width) + field(3, channels) + field(4, encoded))


def _encoded(pixels, rescale=1):
    """A message of an image, as a PNG."""
    picture, file = _picture(pixels), io.BytesIO()
    if rescale != 1:
        picture = picture.resize((int(picture.width * rescale), int(picture.height * rescale)))
    picture.save(file, "PNG")
    return _image_message(file.getvalue(), picture.height, picture.width, pixels.shape[-1])


def _plugin(name, content=b""):
    """The metadata that tells TensorBoard which of its parts shows a value."""
    return field(9, field(1, field(1, name) + (field(2, content) if content else b"")))


def _text_tensor(texts, sizes):
    """A message of a tensor of texts."""
    shape = b"".join(field(2, field(1, size)) for size in sizes)
    return field(1, 7) + field(2, shape) + b"".join(field(8, text) for text in texts)


def _float_tensor(rows):
    """A message of a float32 tensor of a few rows."""
    shape = field(2, field(1, len(rows))) + field(2, field(1, len(rows[0])))
    values = b"".join(field(5, float(value)) for row in rows for value in row)
    return field(1, 1) + field(2, shape) + values


def _value_of_setting(value):
    """google.protobuf.Value of a hyper-parameter."""
    if isinstance(value, bool):
        return field(4, value)
    if isinstance(value, (int, float)):
        return double_field(2, value)
    return field(3, str(value))


class SummaryWriter:
    """Writes events to a file in `log_dir`, which TensorBoard shows:

        writer = SummaryWriter("runs/first")
        writer.add_scalar("loss", loss, step)
        writer.close()
    """

    def __init__(self, log_dir=None, comment="", purge_step=None, max_queue=10, flush_secs=120,
                 filename_suffix=""):
        if not log_dir:
            import socket

            name = f"{time.strftime('%b%d_%H-%M-%S')}_{socket.gethostname()}{comment}"
            log_dir = os.path.join("runs", name)
        self.log_dir = os.fspath(log_dir)
        self._suffix, self._flush_seconds = filename_suffix, flush_secs
        self._events, self._others, self._flushed = None, {}, time.monotonic()
        self._open()
        if purge_step is not None:  # what was written from that step on is void
            self._events.write(field(7, field(1, 1)), purge_step)

    def _open(self):
        if self._events is None:
            self._events = EventWriter(self.log_dir, self._suffix)
        return self._events

    def get_logdir(self):
        """The folder."""
        return self.log_dir

    def _add(self, tag, value, step, walltime, metadata=b""):
        events = self._open()
        events.write(field(5, field(1, field(1, str(tag)) + value + metadata)), step, walltime)
        if time.monotonic() - self._flushed > self._flush_seconds:
            self.flush()

    def add_scalar(self, tag, scalar_value, global_step=None, walltime=None, new_style=False,
                   double_precision=False):
        """One number."""
        number = _number(scalar_value, "add_scalar")
        self._add(tag, field(2, number), global_step, walltime)

    def add_scalars(self, main_tag, tag_scalar_dict, global_step=None, walltime=None):
        """Several numbers in one chart, each in a folder of its own."""
        for tag, value in tag_scalar_dict.items():
            folder = os.path.join(self.log_dir, f"{main_tag.replace('/', '_')}_{tag}")
            if folder not in self._others:
                self._others[folder] = SummaryWriter(folder, filename_suffix=self._suffix)
            self._others[folder].add_scalar(main_tag, value, global_step, walltime)

    def add_tensor(self, tag, tensor, global_step=None, walltime=None):
        """A matrix of numbers, which no part of TensorBoard shows by itself."""
        rows = _tensor(tensor, "add_tensor").double().reshape(1, -1).tolist()
        self._add(tag, field(8, _float_tensor(rows)), global_step, walltime, _plugin("tensor"))

    def add_histogram(self, tag, values, global_step=None, bins="tensorflow", walltime=None,
                      max_bins=None):
        """How a tensor's elements are distributed: 30 buckets between the smallest and the largest,
        or so many of `bins`, an int, or `max_bins`."""
        count = bins if isinstance(bins, int) else max_bins or 30
        self._open().add_histogram(tag, _tensor(values, "add_histogram"), global_step, walltime,
                                   count)

    def add_histogram_raw(self, tag, min, max, num, sum, sum_squares, bucket_limits, bucket_counts,
                          global_step=None, walltime=None):
        """A histogram whose buckets are counted already."""
        if len(bucket_limits) != len(bucket_counts):
            raise ValueError("len(bucket_limits) != len(bucket_counts), see the document.")
        from .events import histogram_message

        message = histogram_message(min, max, num, sum, sum_squares, bucket_limits, bucket_counts)
        self._add(tag, field(5, message), global_step, walltime)

    def add_image(self, tag, img_tensor, global_step=None, walltime=None, dataformats="CHW"):
        """An image, uint8 or floats in [0, 1]."""
        pixels = _rows_of_pixels(img_tensor, dataformats, "add_image")
        self._add(tag, _encoded(pixels), global_step, walltime)

    def add_images(self, tag, img_tensor, global_step=None, walltime=None, dataformats="NCHW"):
        """Images in rows of eight."""
        pixels = _rows_of_pixels(img_tensor, dataformats, "add_images")
        self._add(tag, _encoded(pixels), global_step, walltime)

    def add_image_with_boxes(self, tag, img_tensor, box_tensor, global_step=None, walltime=None,
                             rescale=1, dataformats="CHW", labels=None):
        """An image with boxes [n, 4] of left, top, right and bottom, in red."""
        pixels = _rows_of_pixels(img_tensor, dataformats, "add_image_with_boxes")
        pixels = pixels.expand((*pixels.shape[:2], 3)).clone()
        boxes = _tensor(box_tensor, "add_image_with_boxes").reshape(-1, 4).tolist()
        picture = _picture(pixels)
        from PIL import ImageDraw

        draw = ImageDraw.Draw(picture)
        for i, (left, top, right, bottom) in enumerate(boxes):
            draw.rectangle([left, top, right, bottom], outline="red", width=2)
            if labels:
                draw.text((left, top), str(labels[i]), fill="red")
        array = _core.tensor_of_data(_array(picture), None)
        self._add(tag, _encoded(array, rescale), global_step, walltime)

    def add_figure(self, tag, figure, global_step=None, close=True, walltime=None):
        """A figure of matplotlib, or several as one row of images."""
        figures = figure if isinstance(figure, list) else [figure]
        drawn = []
        for one in figures:
            file = io.BytesIO()
            one.savefig(file, format="png", dpi=one.dpi)
            drawn.append(_core.tensor_of_data(_array(_pillow().open(file).convert("RGB")), None))
        if close:
            from matplotlib import pyplot

            for one in figures:
                pyplot.close(one)
        if isinstance(figure, list):
            self.add_images(tag, _core.stack(drawn), global_step, walltime, "NHWC")
        else:
            self.add_image(tag, drawn[0], global_step, walltime, "HWC")

    def add_video(self, tag, vid_tensor, global_step=None, fps=4, walltime=None):
        """Videos [n, frames, channels, height, width] side by side, as a GIF."""
        videos = _tensor(vid_tensor, "add_video")
        if videos.dim() != 5:
            raise ValueError("add_video: expected sizes (n, frames, channels, height, width), got "
                             f"{tuple(videos.shape)}")
        frames = [_picture(_rows_of_pixels(videos.select(1, i), "NCHW", "add_video"))
                  for i in range(videos.shape[1])]
        file = io.BytesIO()
        frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], loop=0,
                       duration=1000 / fps)
        message = _image_message(file.getvalue(), frames[0].height, frames[0].width,
                                 videos.shape[2])
        self._add(tag, message, global_step, walltime)

    def add_audio(self, tag, snd_tensor, global_step=None, sample_rate=44100, walltime=None):
        """A sound: floats in [-1, 1]."""
        import wave

        sound = _tensor(snd_tensor, "add_audio").double().flatten().clamp(-1, 1)
        samples = (sound * 32767).to(_core.int16)
        file = io.BytesIO()
        with wave.open(file, "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(2)
            writer.setframerate(sample_rate)
            writer.writeframes(bytes(memoryview(_core.bytes_of(samples.contiguous()))))
        rate = field(1, float(sample_rate)) + field(2, 1) + field(3, samples.numel())
        message = field(6, rate + field(4, file.getvalue()) + field(5, "audio/wav"))
        self._add(tag, message, global_step, walltime)

    def add_text(self, tag, text_string, global_step=None, walltime=None):
        """Text, which is shown as Markdown."""
        message = field(8, _text_tensor([str(text_string)], [1]))
        self._add(f"{tag}/text_summary", message, global_step, walltime, _plugin("text"))

    def add_pr_curve(self, tag, labels, predictions, global_step=None, num_thresholds=127,
                     weights=None, walltime=None):
        """Precision and recall of predictions in [0, 1] of binary labels, by threshold."""
        labels = _tensor(labels, "add_pr_curve").flatten().double()
        predictions = _tensor(predictions, "add_pr_curve").flatten().double()
        weights = _core.ones_like(labels) if weights is None else _tensor(
            weights, "add_pr_curve").flatten().double()
        thresholds = _core.arange(0, num_thresholds, 1, dtype=_core.float64) / (num_thresholds - 1)
        # Places of predictions among the thresholds, so that those of exactly one count as above.
        above = ((predictions * (num_thresholds - 1)).floor() / (num_thresholds - 1) >=
                 thresholds.unsqueeze(1)).double()
        found, false = above @ (labels * weights), above @ ((1 - labels) * weights)
        positive, negative = (labels * weights).sum(), ((1 - labels) * weights).sum()
        rows = [found, false, negative - false, positive - found,
                found / (found + false).clamp(min=1e-7), found / positive.clamp(min=1e-7)]
        content = field(1, 0) + field(2, num_thresholds)
        message = field(8, _float_tensor([row.tolist() for row in rows]))
        self._add(tag, message, global_step, walltime, _plugin("pr_curves", content))

    def add_hparams(self, hparam_dict, metric_dict, hparam_domain_discrete=None, run_name=None,
                    global_step=None):
        """Hyper-parameters and what came of them, which are compared in a table."""
        if not isinstance(hparam_dict, dict) or not isinstance(metric_dict, dict):
            raise TypeError("hparam_dict and metric_dict should be dictionary.")
        kinds = {name: 3 if isinstance(value, bool) else 2 if isinstance(value, (int, float))
                 else 1 for name, value in hparam_dict.items()}
        infos = b"".join(field(4, field(1, name) + field(4, kind)) for name, kind in kinds.items())
        metrics = b"".join(field(5, field(1, field(2, name))) for name in metric_dict)
        settings = b"".join(field(1, field(1, name) + field(2, _value_of_setting(value)))
                            for name, value in hparam_dict.items())
        folder = os.path.join(self.log_dir, run_name or str(time.time()))
        with SummaryWriter(folder) as writer:
            for name, number, message in (
                    ("_hparams_/experiment", 2, infos + metrics),
                    ("_hparams_/session_start_info", 3, settings),
                    ("_hparams_/session_end_info", 4, field(1, 1))):
                content = field(1, 0) + field(number, message)
                writer._add(name, b"", None, None, _plugin("hparams", content))
            for name, value in metric_dict.items():
                writer.add_scalar(name, value, global_step)

    def add_graph(self, model, input_to_model=None, verbose=False, use_strict_trace=True):
        """The modules of a model as a graph: a node for each, that of its class."""
        nodes, before = b"", ""
        for name, module in model.named_modules():
            path = "/".join([type(model).__name__, *name.split(".")] if name
                            else [type(model).__name__])
            is_leaf = next(module.children(), None) is None
            if not is_leaf:
                continue
            inputs = field(3, before) if before else b""
            text = field(2, repr(module))
            nodes += field(1, field(1, path) + field(2, type(module).__name__) + inputs
                           + field(5, field(1, "attr") + field(2, text)))
            before = path
        self._open().write(field(4, nodes + field(4, field(1, 22))))

    def add_embedding(self, mat, metadata=None, label_img=None, global_step=None, tag="default",
                      metadata_header=None):
        """Points [n, features], with labels, for the projector: files in a folder of the run."""
        points = _tensor(mat, "add_embedding")
        step = "00000" if global_step is None else f"{global_step:05d}"
        place = os.path.join(step, tag)
        folder = os.path.join(self.log_dir, place)
        os.makedirs(folder, exist_ok=True)

        def write(name, lines):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in lines)

        write("tensors.tsv", ("\t".join(map(repr, row)) for row in points.tolist()))
        config = [f'tensor_name: "{tag}:{step}"', f'tensor_path: "{place}/tensors.tsv"']
        if metadata is not None:
            if len(metadata) != points.shape[0]:
                raise AssertionError("#labels should equal with #data points")
            rows = [metadata_header, *metadata] if metadata_header else metadata
            write("metadata.tsv", ("\t".join(map(str, row)) if isinstance(row, (list, tuple))
                                   else row for row in rows))
            config.append(f'metadata_path: "{place}/metadata.tsv"')
        if label_img is not None:
            pixels = _rows_of_pixels(label_img, "NCHW", "add_embedding")
            _picture(pixels).save(os.path.join(folder, "sprite.png"))
            height, width = label_img.shape[2:]
            config.append(f'sprite {{ image_path: "{place}/sprite.png" '
                          f"single_image_dim: {width} single_image_dim: {height} }}")
        with open(os.path.join(self.log_dir, "projector_config.pbtxt"), "a",
                  encoding="utf-8") as file:
            file.write("embeddings {\n" + "\n".join(config) + "\n}\n")

    def add_custom_scalars(self, layout):
        """Charts of several scalars: {category: {chart: ["Multiline" or "Margin", tags]}}."""
        categories = b""
        for category, charts in layout.items():
            message = field(1, category)
            for title, (kind, tags) in charts.items():
                if kind == "Margin":
                    value, lower, upper = tags
                    series = field(1, value) + field(2, lower) + field(3, upper)
                    body = field(3, field(1, series))
                else:
                    body = field(2, b"".join(field(1, tag) for tag in tags))
                message += field(2, field(1, title) + body)
            categories += field(2, message)
        content = field(8, _text_tensor([categories], []))
        self._add("custom_scalars__config__", content, None, None, _plugin("custom_scalars"))

    def flush(self):
        """What was added is in the files from now on."""
        self._flushed = time.monotonic()
        for writer in (self._events, *self._others.values()):
            if writer is not None:
                writer.flush()

    def close(self):
        """Writes the end; what is added afterwards goes to a new file."""
        for writer in (self._events, *self._others.values()):
            if writer is not None:
                writer.close()
        self._events, self._others = None, {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _array(picture):
    import numpy

    return numpy.asarray(picture)
