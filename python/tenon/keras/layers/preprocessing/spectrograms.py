"""Frequencies of sound over time."""

from .... import _core
from ..._arrays import as_floats
from ..._config import epsilon
from ..._input_spec import InputSpec
from ..._windows import convolved
from ...initializers import STFT
from .._base import BuiltIn, ChannelsMixin, checked_positive

_MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")


class MelSpectrogram(BuiltIn):
    """Signals (batch, samples), or one, as (batch, mel bins, frames): the absolute values of the
    short-time Fourier transform to the power `mag_exp`, summed up under triangles between
    `num_mel_bins` frequencies at equal distances on the mel scale; with power_to_db in decibels
    above `ref_power`, of which the lowest is at most `top_db` below the highest."""

    def __init__(self, fft_length=2048, sequence_stride=512, sequence_length=None, window="hann",
                 sampling_rate=16000, num_mel_bins=128, min_freq=20.0, max_freq=None,
                 power_to_db=True, top_db=80.0, mag_exp=2.0, min_power=1e-10, ref_power=1.0,
                 **kwargs):
        super().__init__(**kwargs)
        self.fft_length, self.sequence_stride = fft_length, sequence_stride
        self.sequence_length = sequence_length or fft_length
        if self.fft_length < self.sequence_length:
            raise ValueError("`fft_length` must be greater than or equal to `sequence_length`. "
                             f"Received: `sequence_length`={self.sequence_length}, "
                             f"`fft_length`={self.fft_length}.")
        self.window, self.sampling_rate = window, sampling_rate
        self.num_mel_bins = checked_positive("MelSpectrogram", "num_mel_bins", num_mel_bins)
        self.min_freq, self.max_freq = min_freq, max_freq or int(sampling_rate / 2)
        self.power_to_db, self.top_db, self.mag_exp = power_to_db, top_db, mag_exp
        self.min_power, self.ref_power = min_power, ref_power

    def call(self, inputs):
        from ....tf.signal import linear_to_mel_weight_matrix
        from ...ops import stft

        real, imaginary = stft(as_floats(inputs), self.sequence_length,
                                        self.sequence_stride, self.fft_length, self.window)
        power = (real.square() + imaginary.square()) ** (self.mag_exp / 2)
        mel = power @ linear_to_mel_weight_matrix(
            self.num_mel_bins, power.shape[-1], self.sampling_rate, self.min_freq,
            self.max_freq).to(power.dtype)
        return (self._decibels(mel) if self.power_to_db else mel).transpose(-1, -2)

    def _decibels(self, power):
        reference = max(abs(self.ref_power), self.min_power)
        decibels = (power.clamp_min(self.min_power) / reference).log10() * 10
        return _core.maximum(decibels, decibels.amax() - self.top_db)


class STFTSpectrogram(ChannelsMixin, BuiltIn):
    """Signals (batch, samples, channels) as (batch, frames, frequencies of each channel) by
    convolutions, whose filters begin as those of the short-time Fourier transform and may be
    trained. mode: "log", "magnitude", "psd" (the power), "real", "imag", "angle", or "stft", real
    and imaginary parts. With expand_dims, channels are a dim of their own, the last."""

    def __init__(self, mode="log", frame_length=256, frame_step=None, fft_length=None,
                 window="hann", periodic=False, scaling="density", padding="valid",
                 expand_dims=False, data_format=None, **kwargs):
        super().__init__(**kwargs)
        if frame_step is not None and not 1 <= frame_step <= frame_length:
            raise ValueError("`frame_step` should be a positive integer not greater than "
                             f"`frame_length`. Received frame_step={frame_step}, "
                             f"frame_length={frame_length}")
        if fft_length is not None and fft_length < frame_length:
            raise ValueError("`fft_length` should be not less than `frame_length`. Received "
                             f"fft_length={fft_length}, frame_length={frame_length}")
        if mode not in _MODES:
            raise ValueError("Output mode is invalid, it must be one of "
                             f"{', '.join(_MODES)}. Received: mode={mode}")
        if padding not in ("valid", "same"):
            raise ValueError("Padding is invalid, it should be 'valid', 'same'. Received: "
                             f"padding={padding}")
        self.mode, self.frame_length = mode, frame_length
        self.frame_step, self.fft_length = frame_step, fft_length
        self.window, self.periodic, self.scaling = window, periodic, scaling
        self.padding, self.expand_dims = padding, expand_dims
        self.__dict__["_makers"] = {side: STFT(side, window, scaling, periodic)
                                    for side in ("real", "imag")}
        self._set_format(data_format)
        self.input_spec = InputSpec(ndim=3)

    def build(self, input_shape):
        length = self.fft_length or 1 << (self.frame_length - 1).bit_length()
        shape = (self.frame_length, 1, length // 2 + 1)
        for side, other in ("real", "imag"), ("imag", "real"):
            if self.mode != other:
                setattr(self, f"{side}_kernel", self.add_weight(shape, self._makers[side],
                                                                name=f"{side}_kernel"))

    def call(self, inputs):
        x = self._first(as_floats(inputs))
        if self.mode in ("real", "imag"):
            kernel = self.real_kernel if self.mode == "real" else self.imag_kernel
            return self._arranged(self._filtered(x, kernel))
        real, imaginary = (self._filtered(x, kernel)
                           for kernel in (self.real_kernel, self.imag_kernel))
        if self.mode == "angle":
            return self._arranged(_core.atan2(imaginary, real))
        if self.mode == "stft":
            return self._arranged(_core.cat([real, imaginary], 2))
        power = real.square() + imaginary.square()
        if self.mode == "psd":  # what the other half of the frequencies has is as much again
            inner = power[:, :, 1:-1]
            return self._arranged(power + _core.pad(inner, [0, 0, 1, 1]))
        magnitude = power.clamp_min(epsilon()).sqrt()
        made = magnitude if self.mode == "magnitude" else magnitude.clamp_min(epsilon()).log()
        return self._arranged(made)

    def _filtered(self, x, kernel):
        """(batch, channels, frequencies, frames)."""
        batch, channels, samples = x.shape
        step = self.frame_step or self.frame_length // 2
        y = convolved(x.reshape((batch * channels, 1, samples)), kernel.permute((2, 1, 0)), None,
                      (step,), self.padding, (1,))
        return y.reshape((batch, channels, *y.shape[1:]))

    def _arranged(self, y):
        if self.expand_dims:
            return y.permute((0, 3, 2, 1) if self.data_format == "channels_last" else (0, 1, 3, 2))
        return self._back(y.reshape((y.shape[0], -1, y.shape[-1])))
