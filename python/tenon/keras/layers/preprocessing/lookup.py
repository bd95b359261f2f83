"""Indices of words and numbers in a vocabulary."""

import collections
import math

from .... import _core
from ...._eager.hashing import fingerprint64
from ..._arrays import as_dtype, as_tensor
from ..._symbolic import KerasTensor
from .._base import BuiltIn
from ._data import batches_of, ints_tensor, numbers_of, strings_of
from .encoding import checked_mode, encoded


class _Lookup(BuiltIn):
    """Indices in a vocabulary: of the mask first where there is one and results are indices, then
    `num_oov_indices` of what isn't in it, then of the tokens."""

    def _set(self, max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights,
             invert, output_mode, pad_to_max_tokens, sparse):
        name = type(self).__name__
        self.output_mode = checked_mode(name, output_mode)
        if max_tokens is not None and max_tokens <= 1:
            raise ValueError(f"{name}(): max_tokens is more than 1, not {max_tokens}")
        if num_oov_indices < 0:
            raise ValueError(f"{name}(): num_oov_indices isn't negative, but {num_oov_indices}")
        if pad_to_max_tokens and max_tokens is None:
            raise ValueError(f"{name}(): pad_to_max_tokens needs max_tokens")
        if invert and self.output_mode != "int":
            raise ValueError(f"{name}(): invert goes with output_mode='int'")
        if sparse:
            raise ValueError(f"{name}(): sparse=True isn't offered; results are dense")
        self.max_tokens, self.num_oov_indices = max_tokens, num_oov_indices
        self.mask_token, self.oov_token, self.invert = mask_token, oov_token, invert
        self.pad_to_max_tokens, self.sparse = pad_to_max_tokens, sparse
        self.autocast = False
        self.__dict__.update(_tokens=None, _places={}, _idf=None)
        self._forget()
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    def _forget(self):
        self.__dict__.update(_counts=collections.Counter(), _documents=collections.Counter(),
                             _document_count=0)

    @property
    def _first_token(self):
        masked = self.mask_token is not None and self.output_mode == "int"
        return int(masked) + self.num_oov_indices

    # The vocabulary.

    def _read_vocabulary(self, vocabulary):
        if isinstance(vocabulary, str):
            with open(vocabulary, encoding="utf-8") as file:
                vocabulary = [line.rstrip("\n") for line in file]
        return [self._token(token) for token in vocabulary]

    def set_vocabulary(self, vocabulary, idf_weights=None):
        """The tokens in their order, with or without the mask and the token of unknown ones; or the
        path of a file with one a line."""
        tokens = self._read_vocabulary(vocabulary)
        special = [self.mask_token] if self.mask_token is not None else []
        special += [self.oov_token] * self.num_oov_indices
        while special and tokens[:len(special)] != special:
            special = special[1:] if special[0] == self.mask_token else []
        tokens = tokens[len(special):]
        twice = [token for token, count in collections.Counter(tokens).items() if count > 1]
        if twice:
            raise ValueError(f"set_vocabulary(): tokens are there once, but {twice[:3]} more often")
        for token in (self.mask_token, self.oov_token):
            if token is not None and token in tokens and self.num_oov_indices:
                raise ValueError(f"set_vocabulary(): {token!r} stands among the tokens")
        size = len(tokens) + self._first_token
        if self.max_tokens is not None and size > self.max_tokens:
            raise ValueError(f"set_vocabulary(): the vocabulary has {size} tokens with those of "
                             f"the layer, max_tokens is {self.max_tokens}")
        if self.output_mode == "tf_idf":
            if idf_weights is None:
                raise ValueError("set_vocabulary(): output_mode='tf_idf' needs idf_weights")
            weights = [float(weight) for weight in idf_weights][-len(tokens):]
            mean = sum(weights) / len(weights)
            self.__dict__["_idf"] = [mean] * self.num_oov_indices + weights
        elif idf_weights is not None:
            raise ValueError("idf_weights go with output_mode='tf_idf'")
        self.__dict__["_tokens"] = tokens
        self.__dict__["_places"] = {token: i for i, token in enumerate(tokens, self._first_token)}

    def get_vocabulary(self, include_special_tokens=True):
        """The tokens in the order of their indices."""
        tokens = list(self._tokens or [])
        if not include_special_tokens:
            return tokens
        masked = self.mask_token is not None and self.output_mode == "int"
        return [self.mask_token] * masked + [self.oov_token] * self.num_oov_indices + tokens

    def vocabulary_size(self):
        """How many indices there are."""
        return len(self._tokens or []) + self._first_token

    vocab_size = vocabulary_size

    def adapt(self, data, batch_size=None, steps=None):
        """Learns the vocabulary: the most frequent tokens of the data first."""
        self.reset_state()
        for batch in batches_of(data, batch_size, steps):
            self.update_state(batch)
        self.finalize_state()

    def reset_state(self):
        """Forgets what was counted."""
        self._forget()

    def update_state(self, data):
        """Counts the tokens of a batch."""
        rows = self._values(data)
        self.count_rows(row.reshape(-1) for row in (rows if rows.ndim > 1 else rows.reshape(-1, 1)))

    def count_rows(self, rows):
        """Counts tokens of samples, an iterable of them each."""
        for row in rows:
            tokens = [self._token(token) for token in row]
            self._counts.update(tokens)
            self._documents.update(set(tokens))
            self.__dict__["_document_count"] += 1

    def finalize_state(self):
        """Makes the vocabulary of what was counted; of equal counts, the later in the alphabet goes
        first."""
        counts = dict(self._counts)
        for token in self._ignored():
            counts.pop(token, None)
        tokens = sorted(counts, key=lambda token: (counts[token], self._sorting_key(token)),
                        reverse=True)
        if self.max_tokens is not None:
            tokens = tokens[:self.max_tokens - self._first_token]
        weights = None
        if self.output_mode == "tf_idf":
            weights = [math.log(1 + self._document_count / (1 + self._documents[token]))
                       for token in tokens]
        self.set_vocabulary(tokens, weights)

    def _ignored(self):
        return (self.mask_token, self.oov_token)

    # Calls.

    def index_of(self, token):
        """The index of one token."""
        if self.mask_token is not None and token == self.mask_token:
            return 0 if self.output_mode == "int" else -1
        found = self._places.get(token)
        if found is not None:
            return found
        if self.num_oov_indices == 0:
            if self.output_mode == "int":
                raise ValueError(f"{type(self).__name__}: {token!r} isn't in the vocabulary, and "
                                 "with num_oov_indices=0 there is no index for others")
            return -1
        first = self._first_token - self.num_oov_indices
        return first + (self._hash(token) % self.num_oov_indices if self.num_oov_indices > 1 else 0)

    def encode(self, indices):
        """Indices in the output mode."""
        depth = self.max_tokens if self.pad_to_max_tokens else self.vocabulary_size()
        weights = None
        if self.output_mode == "tf_idf":
            padded = self._idf + [0.0] * (depth - len(self._idf))
            weights = _core.tensor_of_data(padded, as_dtype(None))
        return encoded(indices, self.output_mode, depth, as_dtype(None), weights)

    def call(self, inputs):
        if self._tokens is None:
            raise ValueError(f"{type(self).__name__} has no vocabulary yet; call adapt(data) or "
                             "set_vocabulary(tokens) first")
        if getattr(inputs, "is_ragged", False) and self.output_mode == "int":
            return inputs.with_flat_values(self.call(inputs.flat_values))
        if self.invert:
            return self._inverted(as_tensor(inputs).to(_core.int64))
        values = self._values(inputs)
        indices = [self.index_of(self._token(value)) for value in values.reshape(-1)]
        return self.encode(ints_tensor(indices).reshape(values.shape))

    def _names(self, indices):
        """The tokens of indices, as Python's."""
        names = self.get_vocabulary()
        return [names[i] if 0 <= i < len(names) else self.oov_token
                for i in indices.reshape(-1).tolist()]

    def compute_output_spec(self, inputs):
        shape = tuple(inputs.shape)
        if self.output_mode == "int":
            return KerasTensor(shape, "string" if self.invert and self._is_text else "int64")
        depth = self.max_tokens if self.pad_to_max_tokens else self.vocabulary_size()
        if self.output_mode == "one_hot":
            shape = shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape
        else:
            shape = shape[:-1]
        return KerasTensor((*shape, depth), as_dtype(None))

    def compute_output_shape(self, input_shape):
        return self.compute_output_spec(KerasTensor(input_shape, "int64")).shape

    def _config_value(self, name):
        if name == "vocabulary":
            return self._tokens
        if name == "idf_weights":
            return None if self._idf is None else self._idf[self.num_oov_indices:]
        return super()._config_value(name)


class StringLookup(_Lookup):
    """The indices of strings in a vocabulary; `invert`, the strings of indices."""

    _is_text = True

    def __init__(self, max_tokens=None, num_oov_indices=1, mask_token=None, oov_token="[UNK]",
                 vocabulary=None, idf_weights=None, invert=False, output_mode="int",
                 pad_to_max_tokens=False, sparse=False, encoding="utf-8", **kwargs):
        super().__init__(**kwargs)
        self.encoding = encoding
        self._set(max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights,
                  invert, output_mode, pad_to_max_tokens, sparse)

    @staticmethod
    def _token(value):
        return value.decode("utf-8") if isinstance(value, bytes) else str(value)

    _values = staticmethod(strings_of)

    @staticmethod
    def _sorting_key(token):
        return token.encode("utf-8")

    @staticmethod
    def _hash(token):
        return fingerprint64(token.encode("utf-8"))

    def _inverted(self, indices):
        import numpy

        return numpy.array(self._names(indices), dtype=object).reshape(tuple(indices.shape))


class IntegerLookup(_Lookup):
    """The indices of whole numbers in a vocabulary; `invert`, the numbers of indices."""

    _is_text = False

    def __init__(self, max_tokens=None, num_oov_indices=1, mask_token=None, oov_token=-1,
                 vocabulary=None, vocabulary_dtype="int64", idf_weights=None, invert=False,
                 output_mode="int", sparse=False, pad_to_max_tokens=False, **kwargs):
        super().__init__(**kwargs)
        self.vocabulary_dtype = vocabulary_dtype
        self._set(max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights,
                  invert, output_mode, pad_to_max_tokens, sparse)

    _token = staticmethod(int)
    _values = staticmethod(numbers_of)
    _sorting_key = staticmethod(int)
    _hash = staticmethod(int)

    def _inverted(self, indices):
        return ints_tensor(self._names(indices)).reshape(indices.shape)
