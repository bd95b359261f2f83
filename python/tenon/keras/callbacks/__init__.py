"""What happens beside training: at the beginning and end of epochs and batches."""

from .base import Callback
from .callback_list import CallbackList
from .control import (EarlyStopping, LambdaCallback, LearningRateScheduler, ReduceLROnPlateau,
                      SwapEMAWeights, TerminateOnNaN)
from .files import BackupAndRestore, CSVLogger, ModelCheckpoint, RemoteMonitor
from .progress import History, Progbar, ProgbarLogger
from .tensorboard import TensorBoard

__all__ = ["BackupAndRestore", "CSVLogger", "Callback", "CallbackList", "EarlyStopping", "History",
           "LambdaCallback", "LearningRateScheduler", "ModelCheckpoint", "Progbar", "ProgbarLogger",
           "ReduceLROnPlateau", "RemoteMonitor", "SwapEMAWeights", "TensorBoard", "TerminateOnNaN"]
