"""TextVectorization: text as indices of its words."""

from ..._symbolic import KerasTensor
from .._base import BuiltIn
from ._data import batches_of, ints_tensor, strings_of
from .encoding import checked_mode
from .lookup import StringLookup

_PUNCTUATION = str.maketrans("", "", "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'")
# TensorFlow's `lower` leaves letters outside of ASCII as they are.
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def _ragged(rows):
    """Rows of indices as a RaggedTensor."""
    from ...._eager.ragged import RaggedTensor

    values = ints_tensor([index for row in rows for index in row])
    return RaggedTensor.from_row_lengths(values, [len(row) for row in rows])


class TextVectorization(BuiltIn):
    """Text, standardized and split into words or characters, as indices in a vocabulary: 0 behind
    the end, 1 for what isn't in it. Shorter than `output_sequence_length`, or than the longest of
    the batch, it is filled up with 0; with `ragged` it is a RaggedTensor instead. With another
    `output_mode`, a row a text, as StringLookup's."""

    def __init__(self, max_tokens=None, standardize="lower_and_strip_punctuation",
                 split="whitespace", ngrams=None, output_mode="int", output_sequence_length=None,
                 pad_to_max_tokens=False, vocabulary=None, idf_weights=None, sparse=False,
                 ragged=False, encoding="utf-8", **kwargs):
        super().__init__(**kwargs)
        for name, value, known in (
                ("standardize", standardize,
                 ("lower_and_strip_punctuation", "lower", "strip_punctuation", None)),
                ("split", split, ("whitespace", "character", None))):
            if not callable(value) and value not in known:
                raise ValueError(f"TextVectorization(): {name} is a function or one of {known}, "
                                 f"not {value!r}")
        if sparse:
            raise ValueError("TextVectorization(): sparse results aren't offered; they are dense")
        if ragged and output_mode != "int":
            raise ValueError("TextVectorization(): ragged=True goes with output_mode='int', not "
                             f"{output_mode!r}")
        self.standardize, self.split = standardize, split
        self.ngrams = ngrams
        self.output_mode = checked_mode("TextVectorization", output_mode)
        if self.output_mode != "int" and output_sequence_length is not None:
            raise ValueError("TextVectorization(): output_sequence_length goes with "
                             "output_mode='int'")
        self.output_sequence_length = output_sequence_length
        self.sparse, self.ragged, self.encoding = sparse, ragged, encoding
        self.autocast = False
        # The table isn't a layer of this one's: it has no variables.
        self.__dict__["_lookup"] = StringLookup(
            max_tokens=max_tokens, mask_token="", vocabulary=vocabulary, idf_weights=idf_weights,
            output_mode=self.output_mode, pad_to_max_tokens=pad_to_max_tokens)

    def _config_value(self, name):
        if name in ("max_tokens", "pad_to_max_tokens", "vocabulary", "idf_weights"):
            return self._lookup._config_value(name)
        return super()._config_value(name)

    def adapt(self, data, batch_size=None, steps=None):
        """Learns the vocabulary: the most frequent words of the data first."""
        self._lookup.reset_state()
        for batch in batches_of(data, batch_size, steps):
            self._lookup.count_rows(self._words(batch)[0])
        self._lookup.finalize_state()

    def get_vocabulary(self, include_special_tokens=True):
        """The words in the order of their indices."""
        return self._lookup.get_vocabulary(include_special_tokens)

    def set_vocabulary(self, vocabulary, idf_weights=None):
        """The words in their order, with or without "" and "[UNK]"."""
        self._lookup.set_vocabulary(vocabulary, idf_weights)

    def vocabulary_size(self):
        """How many indices there are."""
        return self._lookup.vocabulary_size()

    def _standardized(self, text):
        if self.standardize in ("lower", "lower_and_strip_punctuation"):
            text = text.translate(_LOWER)
        if self.standardize in ("strip_punctuation", "lower_and_strip_punctuation"):
            text = text.translate(_PUNCTUATION)
        return text

    def _split_one(self, text):
        if self.split == "whitespace":
            return text.split()
        return list(text) if self.split == "character" else [text]

    def _words(self, data):
        """The words of each text, and the shape of the texts."""
        texts = strings_of(data)
        if callable(self.standardize):
            texts = strings_of(self.standardize(texts))
        shape = texts.shape
        if self.split is not None and texts.ndim > 1:
            if shape[-1] != 1:
                raise ValueError("TextVectorization splits texts of shape (batch,) or (batch, 1), "
                                 f"not {shape}")
            shape = shape[:-1]
        if self.split is None and texts.ndim > 1:
            rows = [list(row) for row in texts.reshape(-1, shape[-1])]
            rows = [[self._standardized(text) for text in row] for row in rows]
            return [self._with_ngrams(row) for row in rows], shape[:-1]
        texts = [self._standardized(text) for text in texts.reshape(-1)]
        if callable(self.split):
            rows = [strings_of(list(row)).tolist() for row in self.split(texts)]
        else:
            rows = [self._split_one(text) for text in texts]
        return [self._with_ngrams(row) for row in rows], shape

    def _with_ngrams(self, words):
        if self.ngrams is None:
            return words
        widths = range(1, self.ngrams + 1) if isinstance(self.ngrams, int) else self.ngrams
        return [" ".join(words[i:i + width]) for width in widths
                for i in range(len(words) - width + 1)]

    def call(self, inputs):
        lookup = self._lookup
        if lookup._tokens is None:
            raise ValueError("TextVectorization has no vocabulary yet; call adapt(data) or "
                             "set_vocabulary(words) first")
        rows, shape = self._words(inputs)
        rows = [[lookup.index_of(word) for word in row] for row in rows]
        length = self.output_sequence_length
        if self.ragged:
            return _ragged([row[:length] for row in rows])
        if length is None:
            length = max(map(len, rows), default=0)
        filler = 0 if self.output_mode == "int" else -1
        rows = [row[:length] + [filler] * (length - len(row)) for row in rows]
        return lookup.encode(ints_tensor(rows).reshape((*shape, length)))

    def compute_output_spec(self, inputs):
        shape = tuple(inputs.shape)
        if self.split is None:
            batch = shape[:-1]
        else:
            batch = shape[:-1] if len(shape) > 1 else shape
        if self.output_mode == "int":
            length = None if self.ragged else self.output_sequence_length
            return KerasTensor((*batch, length), "int64")
        depth = (self._lookup.max_tokens
                 if self._lookup.pad_to_max_tokens else self.vocabulary_size())
        return KerasTensor((*batch, depth), "float32")

    def compute_output_shape(self, input_shape):
        return self.compute_output_spec(KerasTensor(input_shape, "string")).shape
