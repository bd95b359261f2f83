"""Layers that prepare data: numbers, text, images and sound."""

from .augmentation import (RandomBrightness, RandomContrast, RandomCrop, RandomFlip, RandomHeight,
                           RandomRotation, RandomTranslation, RandomWidth, RandomZoom)
from .colors import (AutoContrast, Equalization, RandomColorDegeneration, RandomColorJitter,
                     RandomGaussianBlur, RandomGrayscale, RandomHue, RandomInvert,
                     RandomPosterization, RandomSaturation, RandomSharpness, Solarization)
from .encoding import CategoryEncoding, Discretization, HashedCrossing, Hashing, Normalization
from .geometry import RandomElasticTransform, RandomErasing, RandomPerspective, RandomShear
from .images import CenterCrop, Rescaling, Resizing
from .lookup import IntegerLookup, StringLookup
from .mixing import AugMix, CutMix, MixUp, RandAugment
from .pipeline import Pipeline
from .spectrograms import MelSpectrogram, STFTSpectrogram
from .text import TextVectorization
