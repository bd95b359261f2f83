"""Layers."""

import importlib

from .._input import Input, InputLayer
from .._input_spec import InputSpec
from .._layer import Layer
from ._base import registry as _registry
from .activation import ELU, LeakyReLU, PReLU, ReLU, Softmax, ThresholdedReLU
from .attention import (AdditiveAttention, Attention, GroupQueryAttention,
                        MultiHeadAttention)
from .convolution import (Conv1D, Conv1DTranspose, Conv2D, Conv2DTranspose, Conv3D, Conv3DTranspose,
                          DepthwiseConv1D, DepthwiseConv2D, SeparableConv1D, SeparableConv2D)
from .core import (Activation, Dense, EinsumDense, Embedding, Identity, Lambda, Masking,
                   TimeDistributed, Wrapper)
from .exported import TFSMLayer
from .merging import (Add, Average, Concatenate, Dot, Maximum, Minimum, Multiply, Subtract, add,
                      average, concatenate, dot, maximum, minimum, multiply, subtract)
from .normalization import (BatchNormalization, GroupNormalization, LayerNormalization,
                            RMSNormalization, SpectralNormalization, SyncBatchNormalization,
                            UnitNormalization)
from .pooling import (AdaptiveAveragePooling1D, AdaptiveAveragePooling2D, AdaptiveAveragePooling3D,
                      AdaptiveMaxPooling1D, AdaptiveMaxPooling2D, AdaptiveMaxPooling3D,
                      AveragePooling1D, AveragePooling2D, AveragePooling3D, GlobalAveragePooling1D,
                      GlobalAveragePooling2D, GlobalAveragePooling3D, GlobalMaxPooling1D,
                      GlobalMaxPooling2D, GlobalMaxPooling3D, MaxPooling1D, MaxPooling2D,
                      MaxPooling3D)
from .preprocessing import (AugMix, AutoContrast, CategoryEncoding, CenterCrop, CutMix,
                            Discretization, Equalization, HashedCrossing, Hashing, IntegerLookup,
                            MelSpectrogram, MixUp, Normalization, Pipeline, RandAugment,
                            RandomBrightness, RandomColorDegeneration, RandomColorJitter,
                            RandomContrast, RandomCrop, RandomElasticTransform, RandomErasing,
                            RandomFlip, RandomGaussianBlur, RandomGrayscale, RandomHeight,
                            RandomHue, RandomInvert, RandomPerspective, RandomPosterization,
                            RandomRotation, RandomSaturation, RandomSharpness, RandomShear,
                            RandomTranslation, RandomWidth, RandomZoom, Rescaling, Resizing,
                            Solarization, STFTSpectrogram, StringLookup, TextVectorization)
from .recurrent import (GRU, LSTM, RNN, Bidirectional, ConvLSTM1D, ConvLSTM2D, ConvLSTM3D, GRUCell,
                        LSTMCell, SimpleRNN, SimpleRNNCell, StackedRNNCells)
from .regularization import (ActivityRegularization, AlphaDropout, Dropout, GaussianDropout,
                             GaussianNoise, SpatialDropout1D, SpatialDropout2D, SpatialDropout3D)
from .reshaping import (Cropping1D, Cropping2D, Cropping3D, Flatten, Permute, RepeatVector, Reshape,
                        UpSampling1D, UpSampling2D, UpSampling3D, ZeroPadding1D, ZeroPadding2D,
                        ZeroPadding3D)

# Keras's other names.
MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D = (GlobalMaxPooling1D, GlobalMaxPooling2D,
                                                     GlobalMaxPooling3D)
GlobalAvgPool1D, GlobalAvgPool2D, GlobalAvgPool3D = (GlobalAveragePooling1D, GlobalAveragePooling2D,
                                                     GlobalAveragePooling3D)
Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D
Convolution1DTranspose, Convolution2DTranspose, Convolution3DTranspose = (
    Conv1DTranspose, Conv2DTranspose, Conv3DTranspose)
SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D

for _name, _entry in list(globals().items()):
    if isinstance(_entry, type) and issubclass(_entry, Layer) and _entry.__name__ == _name:
        _registry.register(_entry)

get, serialize, deserialize = _registry.get, _registry.serialize, _registry.deserialize


def __getattr__(name):
    if name == "experimental":  # where tf.keras had some of these
        return importlib.import_module(__name__)
    if name == "preprocessing":  # tf.keras.layers.experimental.preprocessing
        return importlib.import_module(".preprocessing", __name__)
    raise AttributeError(f"module 'tenon.keras.layers' has no attribute '{name}'")
