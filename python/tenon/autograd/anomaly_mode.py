"""Checks of gradients for NaN, where PyTorch has them."""

from . import detect_anomaly, set_detect_anomaly

__all__ = ["detect_anomaly", "set_detect_anomaly"]
