"""Augmentation by several images at once, or by several layers, in training."""

from .... import _core
from ..._arrays import as_floats
from .augmentation import (RandomBrightness, RandomContrast, RandomLayer, RandomRotation,
                           RandomTranslation, of_images, share_bounds)
from .colors import (AutoContrast, Equalization, RandomColorDegeneration, RandomPosterization,
                     RandomSharpness, Solarization, checked_range)
from .geometry import RandomShear, random_boxes
from .images import checked_interpolation


def _random():
    from ... import random

    return random


class _Mixing(RandomLayer):
    """Puts another image of the batch into each, and its labels as much into the labels."""

    def _order(self, x):
        return _core.randperm(x.shape[0], generator=self._generator)

    def _applied_to_labels(self, labels, drawn):
        order, share = drawn[0], drawn[-1]
        if labels.dim() < 2:
            raise ValueError(f"{type(self).__name__} mixes labels (batch, classes), such as "
                             f"one_hot() gives, not {tuple(labels.shape)}")
        labels = as_floats(labels)
        share = share.to(labels.dtype).reshape((-1, *(1,) * (labels.dim() - 1)))
        return labels * share + labels.index_select(0, order) * (1 - share)

    def _applied_to_mask(self, mask, drawn):
        return self._applied(mask, drawn)


class MixUp(_Mixing):
    """l x + (1 - l) of another image of the batch, and so of "labels", with l of a beta
    distribution of `alpha` and `alpha`: Zhang et al. 2017."""

    def __init__(self, alpha=0.2, data_format=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.alpha = alpha
        self._set(seed, data_format)

    def _choices(self, x):
        share = _random().beta((x.shape[0],), float(self.alpha), float(self.alpha),
                             seed=self._generator)
        return self._order(x), share

    def _applied(self, x, drawn):
        order, share = drawn
        x = as_floats(x)
        share = of_images(share).to(x.dtype)
        return x * share + x.index_select(0, order) * (1 - share)


class CutMix(_Mixing):
    """Images with a box of another image of the batch, and "labels" in proportion: Yun et al. 2019.
    A beta distribution, both of whose parameters lie between the two numbers of `factor`, or 0 and
    it, gives the share of an image that stays. A single image stays as it is."""

    def __init__(self, factor=1.0, seed=None, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor
        self.__dict__["_range"] = share_bounds("CutMix", "factor", factor)
        self._set(seed, data_format)

    def _choices(self, x):
        count = x.shape[0]
        alpha = self._drawn(1, *self._range).item() + 1e-6
        kept = _random().beta((count,), alpha, alpha, seed=self._generator)
        side = (1 - kept).clamp(0, 1).sqrt()
        boxes, shares = random_boxes(self, x, side, side)
        return self._order(x), boxes, 1 - shares

    def _applied(self, x, drawn):
        order, boxes, _ = drawn
        return _core.where(boxes, x.index_select(0, order), x)


class _Several(RandomLayer):
    """Changes images by layers that are chosen at random, the same for all images of a call."""

    def _set_several(self, value_range, factor, interpolation, seed, data_format, has_all=True):
        kind = type(self).__name__
        self.value_range = checked_range(kind, value_range)
        self.factor = factor
        self.interpolation = checked_interpolation(kind, interpolation)
        self._set(seed, data_format)
        bounds = share_bounds(kind, "factor", factor)
        where = {"data_format": data_format, "seed": self._generator}
        among = {**where, "value_range": value_range}
        moved = {**where, "interpolation": interpolation}
        layers = [RandomShear(bounds, bounds, **moved), RandomTranslation(bounds, bounds, **moved),
                  RandomRotation(bounds, **moved), Solarization(bounds, bounds, **among),
                  RandomPosterization(max(1, int(8 * bounds[1])), **among),
                  AutoContrast(value_range, data_format),
                  Equalization(value_range, data_format=data_format)]
        if has_all:
            layers += [RandomBrightness(bounds, **among),
                       RandomColorDegeneration(bounds, **among),
                       RandomContrast(bounds, **among), RandomSharpness(bounds, **among)]
        self.__dict__["_layers"] = layers

    def _chosen(self, count):
        """One of so many, at random."""
        return _core.randint(0, count, (1,), generator=self._generator).item()

    def _drawn_step(self, layer, x):
        return layer, layer._drawn_for(x, True)


class RandAugment(_Several):
    """`num_ops` of eleven layers one after another, each with `factor` as its strength: Cubuk et
    al. 2019."""

    def __init__(self, value_range=(0, 255), num_ops=2, factor=0.5, interpolation="bilinear",
                 seed=None, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.num_ops = num_ops
        self._set_several(value_range, factor, interpolation, seed, data_format)

    def _choices(self, x):
        layers = self._layers
        return [self._drawn_step(layers[self._chosen(len(layers))], x)
                for _ in range(self.num_ops)]

    def _applied(self, x, drawn):
        x = as_floats(x)
        for layer, one in drawn:
            x = layer._changed(x, one, True)
        return x

    def _applied_to_mask(self, mask, drawn):
        for layer, one in drawn:
            mask = layer._changed_mask(mask, one)
        return mask


class AugMix(_Several):
    """w x + (1 - w) times the sum of `num_chains` chains of at most `chain_depth` layers, with
    shares of a Dirichlet distribution, and w of a beta distribution, of `alpha`: Hendrycks et al.
    2019. Without all_ops, no layer changes brightness, contrast, colours or sharpness."""

    def __init__(self, value_range=(0, 255), num_chains=3, chain_depth=3, factor=0.3, alpha=1.0,
                 all_ops=True, interpolation="bilinear", seed=None, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.num_chains, self.chain_depth = num_chains, chain_depth
        self.alpha, self.all_ops = alpha, all_ops
        self._set_several(value_range, factor, interpolation, seed, data_format, all_ops)

    def _choices(self, x):
        alpha = float(self.alpha)
        amounts = _random().gamma((self.num_chains,), alpha, seed=self._generator)
        own = _random().beta((), alpha, alpha, seed=self._generator)
        chains = []
        for _ in range(self.num_chains):
            chosen = [self._chosen(len(self._layers) + 1) for _ in range(self.chain_depth)]
            chains.append([self._drawn_step(self._layers[i], x) for i in chosen
                           if i < len(self._layers)])  # the last choice is none
        return own, amounts / amounts.sum(), chains

    def _applied(self, x, drawn):
        x = as_floats(x)
        return self._mixed(x, drawn, lambda layer, y, one: layer._changed(y, one, True)).clamp(
            *self.value_range)

    def _applied_to_mask(self, mask, drawn):
        return self._mixed(as_floats(mask), drawn,
                           lambda layer, y, one: layer._changed_mask(y, one))

    def _mixed(self, x, drawn, changed):
        own, shares, chains = drawn
        total = _core.zeros_like(x)
        for share, chain in zip(_core.unbind(shares, 0), chains):
            y = x
            for layer, one in chain:
                y = changed(layer, y, one)
            total = total + y * share.to(x.dtype)
        own = own.to(x.dtype)
        return x * own + total * (1 - own)
