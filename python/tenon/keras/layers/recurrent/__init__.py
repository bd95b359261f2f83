"""Recurrent layers and their cells."""

from .cells import GRUCell, LSTMCell, SimpleRNNCell, StackedRNNCells
from .layers import GRU, LSTM, SimpleRNN
from .rnn import RNN
from .bidirectional import Bidirectional
