"""tf.compat.v1.spectral: transforms of `tf.signal`."""

from ...signal import (dct, fft, fft2d, fft3d, idct, ifft, ifft2d, ifft3d,  # noqa: F401
                       irfft, irfft2d, irfft3d, rfft, rfft2d, rfft3d)
