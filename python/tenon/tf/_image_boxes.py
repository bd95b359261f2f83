"""Boxes [y1, x1, y2, x2] in images: those that stay of overlapping ones, and their outlines."""

import collections
import math

import numpy

from .. import _core
from .._eager import convert
from .._eager.errors import InvalidArgumentError
from .._eager.tensor import CoreTensor, own
from .._eager.tensor import op as _op

_Combined = collections.namedtuple(
    "CombinedNonMaxSuppression", "nmsed_boxes nmsed_scores nmsed_classes valid_detections")


def _overlaps(boxes):
    """The intersection over union of each pair of boxes."""
    y = _core.sort(_core.stack([boxes[:, 0], boxes[:, 2]], 0), 0)[0]
    x = _core.sort(_core.stack([boxes[:, 1], boxes[:, 3]], 0), 0)[0]
    areas = (y[1] - y[0]) * (x[1] - x[0])

    def common(ends):
        first = _core.maximum(ends[0].unsqueeze(0), ends[0].unsqueeze(1))
        last = _core.minimum(ends[1].unsqueeze(0), ends[1].unsqueeze(1))
        return _core.clamp_min(last - first, 0)

    both = common(y) * common(x)
    total = areas.unsqueeze(0) + areas.unsqueeze(1) - both
    return _core.where(total > 0, both / _core.where(total > 0, total, _core.ones_like(total)),
                       _core.zeros_like(both))


def _kept(overlaps, scores, count, threshold, lowest, sigma=0.0):
    """(places, scores) of the best that don't overlap by more than the threshold with a better one;
    with a sigma, scores of overlapping ones are lowered by a Gaussian of the overlap instead (soft
    NMS)."""
    overlaps, scores = overlaps.numpy(), numpy.array(scores.numpy(), copy=True)
    is_open = scores > lowest
    places, values = [], []
    while len(places) < count and is_open.any():
        at = int(numpy.argmax(numpy.where(is_open, scores, -numpy.inf)))
        if not is_open[at]:
            break
        places.append(at)
        values.append(scores[at])
        is_open[at] = False
        if sigma > 0:
            weights = numpy.exp(-0.5 / sigma * overlaps[at] ** 2).astype(scores.dtype)
            scores = numpy.where(is_open, scores * weights, scores)
            is_open &= scores > lowest
        else:
            is_open &= overlaps[at] <= threshold
    return places, values


def _checked(boxes, scores, threshold):
    boxes, scores = convert.tensor(boxes), convert.tensor(scores)
    if boxes.dim() != 2 or boxes.shape[1] != 4:
        raise InvalidArgumentError(f"boxes must be [n, 4], got {list(boxes.shape)} "
                                   "[Op:NonMaxSuppression]")
    if tuple(scores.shape) != (boxes.shape[0],):
        raise InvalidArgumentError(f"scores has incompatible shape {list(scores.shape)} for "
                                   f"{boxes.shape[0]} boxes [Op:NonMaxSuppression]")
    if not 0 <= threshold <= 1:
        raise InvalidArgumentError(f"iou_threshold must be in [0, 1], got {threshold} "
                                   "[Op:NonMaxSuppression]")
    return boxes.detach(), scores.detach()


def _places(places):
    return own(_core.tensor_of_data(numpy.array(places, numpy.int32), _core.int32))


def non_max_suppression(boxes, scores, max_output_size, iou_threshold=0.5,
                        score_threshold=float("-inf"), name=None):
    """The places of the boxes with the best scores that don't overlap with better ones."""
    return non_max_suppression_with_scores(boxes, scores, max_output_size, iou_threshold,
                                           score_threshold)[0]


def non_max_suppression_with_scores(boxes, scores, max_output_size, iou_threshold=0.5,
                                    score_threshold=float("-inf"), soft_nms_sigma=0.0, name=None):
    """(places, scores): as `non_max_suppression`; with a sigma, soft (Bodla et al. 2017)."""
    boxes, scores = _checked(boxes, scores, float(iou_threshold))
    places, values = _kept(_overlaps(boxes), scores, int(max_output_size), float(iou_threshold),
                           float(score_threshold), float(soft_nms_sigma))
    return _places(places), own(_core.tensor_of_data(numpy.array(values, numpy.float32),
                                                     scores.dtype))


def non_max_suppression_overlaps(overlaps, scores, max_output_size, overlap_threshold=0.5,
                                 score_threshold=float("-inf"), name=None):
    """As `non_max_suppression`, of how much each pair overlaps."""
    places, _ = _kept(convert.tensor(overlaps).detach(), convert.tensor(scores).detach(),
                      int(max_output_size), float(overlap_threshold), float(score_threshold))
    return _places(places)


def non_max_suppression_padded(boxes, scores, max_output_size, iou_threshold=0.5,
                               score_threshold=float("-inf"), pad_to_max_output_size=False,
                               name=None, sorted_input=False, canonicalized_coordinates=False,
                               tile_size=512):
    """(places, count): as `non_max_suppression`, zeros behind where padded."""
    found = non_max_suppression(boxes, scores, max_output_size, iou_threshold,
                                score_threshold).numpy()
    places = numpy.zeros(int(max_output_size), numpy.int32) if pad_to_max_output_size else found
    places[:len(found)] = found
    return _places(places), own(_core.tensor_of_data(len(found), _core.int32))


def combined_non_max_suppression(boxes, scores, max_output_size_per_class, max_total_size,
                                 iou_threshold=0.5, score_threshold=float("-inf"),
                                 pad_per_class=False, clip_boxes=True, name=None):
    """The best boxes of each image over all classes, after `non_max_suppression` within each:
    (boxes, scores, classes, counts), zeros behind."""
    boxes, scores = convert.tensor(boxes).detach(), convert.tensor(scores).detach()
    classes, per_class = scores.shape[2], int(max_output_size_per_class)
    size = int(max_total_size)
    if pad_per_class:
        size = min(size, per_class * classes)
    rows = [_best_of_image(boxes[i], scores[i], per_class, size, float(iou_threshold),
                           float(score_threshold)) for i in range(boxes.shape[0])]
    counts = [len(row) for row in rows]
    made = [numpy.zeros((len(rows), size, *inner), numpy.float32) for inner in ((4,), (), ())]
    for i, row in enumerate(rows):
        for j, parts in enumerate(row):
            for array, part in zip(made, parts):
                array[i, j] = part
    if clip_boxes:
        made[0] = numpy.clip(made[0], 0, 1)
    tensors = [own(_core.tensor_of_data(array, _core.float32)) for array in made]
    return _Combined(*tensors, own(_core.tensor_of_data(counts, _core.int32)))


def _best_of_image(boxes, scores, per_class, size, threshold, lowest):
    found = []
    for number in range(scores.shape[1]):
        mine = boxes[:, number if boxes.shape[1] > 1 else 0]
        places, values = _kept(_overlaps(mine), scores[:, number], per_class, threshold, lowest)
        array = mine.numpy()
        found += [(array[at], value, number) for at, value in zip(places, values)]
    return sorted(found, key=lambda one: -one[1])[:size]


_COLORS = [(1, 1, 0, 1), (0, 0, 1, 1), (1, 0, 0, 1), (0, 1, 0, 1), (0.5, 0, 0.5, 1),
           (0.5, 0.5, 0, 1), (0.5, 0, 0, 1), (0, 0, 0.5, 1), (0, 1, 1, 1), (1, 0, 1, 1)]


@_op
def draw_bounding_boxes(images, boxes, colors=None):
    """Images with the outlines of boxes [y1, x1, y2, x2], parts of the size, in these colours."""
    images = convert.tensor(images)
    made = numpy.array(CoreTensor.numpy(images.detach()), copy=True)
    boxes = convert.tensor(boxes).numpy()
    palette = numpy.asarray(_COLORS if colors is None or not len(colors) else
                            convert.tensor(colors).numpy(), numpy.float32)
    height, width, channels = made.shape[1:]
    for image, rows in zip(made, boxes):
        for number, box in enumerate(rows):
            color = palette[number % len(palette)][:channels] if channels > 1 else 1.0
            _outline(image, [int(part * (side - 1)) for part, side in zip(
                box, (height, width, height, width))], color)
    return _core.tensor_of_data(made, images.dtype)


def _outline(image, ends, color):
    top, left, bottom, right = ends
    height, width = image.shape[:2]
    if top > bottom or left > right or bottom < 0 or right < 0 or top >= height or left >= width:
        return
    rows = slice(max(top, 0), min(bottom, height - 1) + 1)
    columns = slice(max(left, 0), min(right, width - 1) + 1)
    for row in (top, bottom):
        if 0 <= row < height:
            image[row, columns] = color
    for column in (left, right):
        if 0 <= column < width:
            image[rows, column] = color


@_op
def sample_distorted_bounding_box(image_size, bounding_boxes, seed=0, min_object_covered=0.1,
                                  aspect_ratio_range=None, area_range=None, max_attempts=None,
                                  use_image_if_no_bounding_boxes=None):
    """(begin, size, box) of a random part of an image, of an area and aspect ratio in these ranges,
    that covers so much of a box; the whole image where `max_attempts` found none."""
    from .random import _generator

    return _sampled(_generator(seed or None), image_size, bounding_boxes, min_object_covered,
                    aspect_ratio_range, area_range, max_attempts, use_image_if_no_bounding_boxes)


@_op
def stateless_sample_distorted_bounding_box(
        image_size, bounding_boxes, seed, min_object_covered=0.1, aspect_ratio_range=None,
        area_range=None, max_attempts=None, use_image_if_no_bounding_boxes=None):
    """`sample_distorted_bounding_box` of a seed alone."""
    from .random import _of_key

    return _sampled(_of_key(seed), image_size, bounding_boxes, min_object_covered,
                    aspect_ratio_range, area_range, max_attempts, use_image_if_no_bounding_boxes)


def _sampled(generator, image_size, boxes, covered, ratios, areas, attempts, uses_image):
    height, width, channels = convert.sizes(image_size)
    boxes = convert.tensor(boxes).numpy().reshape(-1, 4)
    if not len(boxes):
        if not uses_image:
            raise InvalidArgumentError("No bounding boxes provided as input. One must enable "
                                       "use_image_if_no_bounding_boxes if you wish to not provide "
                                       "any bounding boxes. [Op:SampleDistortedBoundingBoxV2]")
        boxes = numpy.array([[0.0, 0.0, 1.0, 1.0]])
    ends = boxes * [height, width, height, width]
    ratios, areas = ratios or (0.75, 1.33), areas or (0.05, 1.0)
    found = (0, 0, height, width)
    for _ in range(100 if attempts is None else int(attempts)):
        part = _random_part(generator, height, width, ratios, areas)
        if part is not None and _covers(part, ends, float(covered)):
            found = part
            break
    top, left, bottom, right = found
    box = numpy.array([[[top / height, left / width, bottom / height, right / width]]])
    return (_core.tensor_of_data([top, left, 0], _core.int32),
            _core.tensor_of_data([bottom - top, right - left, -1], _core.int32),
            _core.tensor_of_data(box, _core.float32))


def _random_part(generator, height, width, ratios, areas):
    """A random part of this area and ratio; None where it doesn't fit."""
    ratio, area, y, x = _core.rand((4,), generator=generator).tolist()
    ratio = ratios[0] + ratio * (ratios[1] - ratios[0])
    area = (areas[0] + area * (areas[1] - areas[0])) * height * width
    tall = round(math.sqrt(area / ratio))
    wide = round(tall * ratio)
    if not (0 < tall <= height and 0 < wide <= width):
        return None
    top, left = int(y * (height - tall + 1)), int(x * (width - wide + 1))
    return top, left, top + tall, left + wide


def _covers(part, ends, least):
    """Whether so much of one of the boxes is within the part."""
    first = numpy.maximum(ends[:, :2], part[:2])
    last = numpy.minimum(ends[:, 2:], part[2:])
    inside = numpy.clip(last - first, 0, None).prod(1)
    return bool((inside >= least * (ends[:, 2:] - ends[:, :2]).prod(1)).any())
