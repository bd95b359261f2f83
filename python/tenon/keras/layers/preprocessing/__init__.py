"""Layers that prepare data: numbers, text and images."""

from .augmentation import (RandomBrightness, RandomContrast, RandomCrop, RandomFlip, RandomHeight,
                           RandomRotation, RandomTranslation, RandomWidth, RandomZoom)
from .encoding import CategoryEncoding, Discretization, Hashing, Normalization
from .images import CenterCrop, Rescaling, Resizing
from .lookup import IntegerLookup, StringLookup
from .text import TextVectorization
