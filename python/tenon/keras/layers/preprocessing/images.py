"""Sizes and ranges of images."""

from .... import _core
from ..._arrays import as_floats, as_tensor
from .._base import BuiltIn, ChannelsMixin, checked_positive


class Rescaling(BuiltIn):
    """x * scale + offset."""

    def __init__(self, scale, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self.scale, self.offset = scale, offset
        self.supports_masking = True

    def call(self, inputs):
        x = as_floats(inputs)
        scale, offset = (value if isinstance(value, (int, float)) else as_tensor(value, x.dtype)
                         for value in (self.scale, self.offset))
        return x * scale + offset

    def compute_output_shape(self, input_shape):
        return input_shape


class ImageLayer(ChannelsMixin, BuiltIn):
    """A layer of images (batch, height, width, channels), or of one; or of a dict in which
    "images" have "segmentation_masks", which move with them, and "labels", which mix with them."""

    def call(self, inputs, training=None):
        if isinstance(inputs, dict):
            return self._call_with_targets(inputs, training)
        x, is_one = self._batch_of(inputs)
        return self._unbatched(self._changed(x, self._drawn_for(x, training), training), is_one)

    def _call_with_targets(self, data, training):
        kind = type(self).__name__
        if "images" not in data:
            raise ValueError(f"{kind} takes images, or a dict of them with the key 'images', not "
                             f"one of {', '.join(map(repr, data))}")
        if "bounding_boxes" in data:
            raise ValueError(f"{kind} takes a dict of 'images', 'labels' and 'segmentation_masks'; "
                             "'bounding_boxes' stand in images that were not changed yet, and "
                             "would be wrong behind this layer")
        x, is_one = self._batch_of(data["images"])
        drawn = self._drawn_for(x, training)
        made = {**data, "images": self._unbatched(self._changed(x, drawn, training), is_one)}
        if "segmentation_masks" in data:
            mask, is_flat = self._batch_of(data["segmentation_masks"])
            made["segmentation_masks"] = self._unbatched(self._changed_mask(mask, drawn), is_flat)
        if "labels" in data:
            labels = as_tensor(data["labels"])
            labels = self._changed_labels(labels.unsqueeze(0) if is_one else labels, drawn)
            made["labels"] = labels[0] if is_one else labels
        return made

    def _batch_of(self, inputs):
        """Images as (batch, channels, height, width), and whether it was a single one."""
        x = as_tensor(inputs)
        if x.dim() not in (3, 4):
            raise ValueError(f"{type(self).__name__} takes images (height, width, channels) or "
                             f"batches of them, not {tuple(x.shape)}")
        is_one = x.dim() == 3
        return self._first(x.unsqueeze(0) if is_one else x), is_one

    def _unbatched(self, x, is_one):
        y = self._back(x)
        return y[0] if is_one else y

    def _drawn_for(self, x, training):
        """What is drawn at random for a batch, or None."""
        return None

    def _changed_mask(self, mask, drawn):
        """The segmentation masks of images that were changed."""
        return mask

    def _changed_labels(self, labels, drawn):
        """The labels of images that were changed."""
        return labels


def image_ops():
    """keras.ops.image, which few programs load."""
    from ...ops import image

    return image


def resized(x, height, width, interpolation):
    """Images (batch, channels, height, width) in another size; whole numbers stay what they are
    with "nearest" only."""
    if interpolation == "nearest":
        rows, columns = (_nearest(size, wanted) for size, wanted in
                         zip(x.shape[2:], (height, width)))
        return x.index_select(2, rows).index_select(3, columns)
    return _core.interpolate(as_floats(x), [height, width], mode="bilinear")


def _nearest(size, wanted):
    """The element whose place holds the middle of each new one."""
    places = [min(size - 1, int((i + 0.5) * size / wanted)) for i in range(wanted)]
    return _core.tensor_of_data(places, _core.int64)


def checked_interpolation(layer, interpolation):
    """"nearest" or "bilinear"."""
    interpolation = str(interpolation).lower()
    if interpolation not in ("nearest", "bilinear"):
        raise ValueError(f"{layer}(): interpolation is nearest or bilinear, not {interpolation!r}")
    return interpolation


def cropped_to_ratio(x, height, width):
    """The largest part in the middle of images with the ratio of these sizes."""
    rows, columns = x.shape[2:]
    crop_height = min(rows, max(1, int(columns * height / width)))
    crop_width = min(columns, max(1, int(rows * width / height)))
    top, left = int((rows - crop_height) / 2), int((columns - crop_width) / 2)
    return x[:, :, top:top + crop_height, left:left + crop_width]


class Resizing(ImageLayer):
    """Images in another size: "bilinear" or "nearest", whole, or the part in the middle with the
    same ratio (crop_to_aspect_ratio), or with borders of `fill_value` (pad_to_aspect_ratio)."""

    def __init__(self, height, width, interpolation="bilinear", crop_to_aspect_ratio=False,
                 pad_to_aspect_ratio=False, fill_mode="constant", fill_value=0.0, data_format=None,
                 **kwargs):
        super().__init__(**kwargs)
        self.height = checked_positive("Resizing", "height", height)
        self.width = checked_positive("Resizing", "width", width)
        self.interpolation = checked_interpolation("Resizing", interpolation)
        if crop_to_aspect_ratio and pad_to_aspect_ratio:
            raise ValueError("Resizing() takes crop_to_aspect_ratio or pad_to_aspect_ratio, not "
                             "both")
        if fill_mode != "constant":
            raise ValueError(f"Resizing(): fill_mode is 'constant', not {fill_mode!r}")
        self.crop_to_aspect_ratio = crop_to_aspect_ratio
        self.pad_to_aspect_ratio = pad_to_aspect_ratio
        self.fill_mode, self.fill_value = fill_mode, fill_value
        self._set_format(data_format)

    def _changed(self, x, drawn, training):
        return self._resized(x, self.interpolation)

    def _changed_mask(self, mask, drawn):
        return self._resized(mask, "nearest").to(mask.dtype)

    def _resized(self, x, interpolation):
        if self.crop_to_aspect_ratio:
            x = cropped_to_ratio(x, self.height, self.width)
        elif self.pad_to_aspect_ratio:
            rows, columns = x.shape[2:]
            height = max(rows, int(columns * self.height / self.width))
            width = max(columns, int(rows * self.width / self.height))
            top, left = int((height - rows) / 2), int((width - columns) / 2)
            x = _core.pad(as_floats(x), [left, width - columns - left, top, height - rows - top],
                          "constant", self.fill_value)
        return resized(x, self.height, self.width, interpolation)


class CenterCrop(ImageLayer):
    """The middle of images; of smaller ones, the part in the middle with the same ratio,
    resized."""

    def __init__(self, height, width, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.height = checked_positive("CenterCrop", "height", height)
        self.width = checked_positive("CenterCrop", "width", width)
        self._set_format(data_format)

    def _changed(self, x, drawn, training):
        return center_cropped(x, self.height, self.width)

    def _changed_mask(self, mask, drawn):
        return center_cropped(mask, self.height, self.width, "nearest")


def center_cropped(x, height, width, interpolation="bilinear"):
    """The middle of images (batch, channels, height, width)."""
    rows, columns = x.shape[2:]
    if rows < height or columns < width:
        return resized(cropped_to_ratio(x, height, width), height, width, interpolation)
    top, left = int((rows - height) / 2), int((columns - width) / 2)
    return x[:, :, top:top + height, left:left + width]
