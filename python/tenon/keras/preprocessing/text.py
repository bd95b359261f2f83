"""Texts as words and numbers, as Keras 2 had it; new programs have layers.TextVectorization."""

import collections
import hashlib
import json

import numpy

_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


def text_to_word_sequence(input_text, filters=_FILTERS, lower=True, split=" "):
    """The words of a text, without the characters of `filters`."""
    if lower:
        input_text = input_text.lower()
    text = input_text.translate(str.maketrans({mark: split for mark in filters}))
    return [word for word in text.split(split) if word]


def hashing_trick(text, n, hash_function=None, filters=_FILTERS, lower=True, split=" ",
                  analyzer=None):
    """The words of a text as numbers from 1 to before n, by a hash: Python's own, "md5" or a
    function. Different words may have one number."""
    if hash_function is None:
        hash_function = hash
    elif hash_function == "md5":
        def hash_function(word):
            return int(hashlib.md5(word.encode()).hexdigest(), 16)

    words = analyzer(text) if analyzer else text_to_word_sequence(text, filters, lower, split)
    return [hash_function(word) % (n - 1) + 1 for word in words]


def one_hot(input_text, n, filters=_FILTERS, lower=True, split=" ", analyzer=None):
    """As `hashing_trick` by Python's own hash."""
    return hashing_trick(input_text, n, hash, filters, lower, split, analyzer)


class Tokenizer:
    """Texts as sequences of numbers: words by how often the fitted texts have them, from 1 on.

    num_words: only the num_words - 1 most frequent words count. oov_token: what stands, as number
    1, for words that aren't known; without it they are left out.
    """

    def __init__(self, num_words=None, filters=_FILTERS, lower=True, split=" ", char_level=False,
                 oov_token=None, analyzer=None, **kwargs):
        document_count = kwargs.pop("document_count", 0)
        kwargs.pop("nb_words", None)
        if kwargs:
            raise TypeError(f"Unrecognized keyword arguments: {kwargs}")
        self.num_words, self.filters, self.lower, self.split = num_words, filters, lower, split
        self.char_level, self.oov_token, self.analyzer = char_level, oov_token, analyzer
        self.document_count = document_count
        self.word_counts = collections.OrderedDict()
        self.word_docs, self.index_docs = collections.defaultdict(int), collections.defaultdict(int)
        self.word_index, self.index_word = {}, {}

    def _words(self, text):
        if isinstance(text, list) or self.char_level:
            if self.lower:
                text = [word.lower() for word in text] if isinstance(text, list) else text.lower()
            return list(text)
        if self.analyzer:
            return self.analyzer(text)
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def fit_on_texts(self, texts):
        """Counts the words of texts, or of lists of words."""
        for text in texts:
            self.document_count += 1
            words = self._words(text)
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in set(words):
                self.word_docs[word] += 1
        by_count = sorted(self.word_counts.items(), key=lambda one: one[1], reverse=True)
        names = [] if self.oov_token is None else [self.oov_token]
        names += [word for word, _ in by_count]
        self.word_index = {word: i for i, word in enumerate(names, 1)}
        self.index_word = {i: word for word, i in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences):
        """Counts the numbers of sequences, for sequences_to_matrix()."""
        self.document_count += len(sequences)
        for sequence in sequences:
            for i in set(sequence):
                self.index_docs[i] += 1

    def texts_to_sequences(self, texts):
        """Texts as lists of numbers."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts):
        """As `texts_to_sequences`, one by one."""
        unknown = self.word_index.get(self.oov_token)
        for text in texts:
            numbers = (self.word_index.get(word) for word in self._words(text))
            numbers = (unknown if i is None or (self.num_words and i >= self.num_words) else i
                       for i in numbers)
            yield [i for i in numbers if i is not None]

    def sequences_to_texts(self, sequences):
        """Lists of numbers as texts."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences):
        """As `sequences_to_texts`, one by one."""
        unknown = self.word_index.get(self.oov_token)
        for sequence in sequences:
            words = []
            for i in sequence:
                word = self.index_word.get(i)
                if word is None or (self.num_words and i >= self.num_words):
                    word = None if unknown is None else self.index_word[unknown]
                if word is not None:
                    words.append(word)
            yield " ".join(words)

    def texts_to_matrix(self, texts, mode="binary"):
        """A row a text, of one number a word: see `sequences_to_matrix`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences, mode="binary"):
        """A row a sequence: whether ("binary") or how often ("count") a number is in it, its share
        ("freq"), or its count by how rare it is ("tfidf")."""
        if mode not in ("binary", "count", "freq", "tfidf"):
            raise ValueError(f"Unknown vectorization mode: {mode}")
        if not self.num_words and not self.word_index:
            raise ValueError("Specify a dimension (`num_words` argument), or fit on some text data "
                             "first.")
        if mode == "tfidf" and not self.document_count:
            raise ValueError("Fit the Tokenizer on some data before using tfidf mode.")
        width = self.num_words or len(self.word_index) + 1
        made = numpy.zeros((len(sequences), width))
        for row, sequence in zip(made, sequences):
            for i, count in collections.Counter(i for i in sequence if i < width).items():
                row[i] = self._weight(mode, i, count, len(sequence))
        return made

    def _weight(self, mode, i, count, length):
        if mode == "binary":
            return 1
        if mode == "count":
            return count
        if mode == "freq":
            return count / length
        rareness = numpy.log(1 + self.document_count / (1 + self.index_docs.get(i, 0)))
        return (1 + numpy.log(count)) * rareness

    def get_config(self):
        """What is known of words, dicts as JSON."""
        return {"num_words": self.num_words, "filters": self.filters, "lower": self.lower,
                "split": self.split, "char_level": self.char_level, "oov_token": self.oov_token,
                "document_count": self.document_count,
                **{name: json.dumps(getattr(self, name)) for name in (
                    "word_counts", "word_docs", "index_docs", "index_word", "word_index")}}

    def to_json(self, **kwargs):
        """A text of which `tokenizer_from_json` makes the same."""
        return json.dumps({"class_name": "Tokenizer", "config": self.get_config()}, **kwargs)


def tokenizer_from_json(json_string):
    """The Tokenizer that `to_json` wrote."""
    config = json.loads(json_string)["config"]
    held = {name: json.loads(config.pop(name)) for name in (
        "word_counts", "word_docs", "index_docs", "index_word", "word_index")}
    made = Tokenizer(**config)
    made.word_counts = collections.OrderedDict(held["word_counts"])
    made.word_docs.update(held["word_docs"])
    made.index_docs.update({int(i): count for i, count in held["index_docs"].items()})
    made.index_word = {int(i): word for i, word in held["index_word"].items()}
    made.word_index = held["word_index"]
    return made
