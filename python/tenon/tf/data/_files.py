"""Datasets of what files hold."""

import gzip
import itertools
import os
import zlib

from ..._eager import convert
from ..._eager.errors import NotFoundError
from ..._eager.strings import StringTensor
from ...utils._records import read_records
from ._dataset import UNKNOWN, Dataset
from ._steps import interleaved
from .._function import TensorSpec
from ..._eager import dtypes


def _names(filenames):
    if isinstance(filenames, Dataset):
        return [name for name in filenames.as_numpy_iterator()]
    return convert.tensor(filenames).array.reshape(-1).tolist()


def _of_files(elements, filenames, num_parallel_reads):
    """The elements of each file, one file after the other; one of each of num_parallel_reads files
    in turn where there are so many."""
    files = map(elements, _names(filenames))
    cycle = 1 if num_parallel_reads is None else int(num_parallel_reads)
    return interleaved(files, cycle, 1) if cycle > 1 else itertools.chain.from_iterable(files)


def _spec():
    return TensorSpec((), dtypes.string)


class TextLineDataset(Dataset):
    """The lines of text files, without their ends."""

    def __init__(self, filenames, compression_type=None, buffer_size=None, num_parallel_reads=None,
                 name=None):
        def lines(name):
            with _opened(name, compression_type) as file:
                for line in file:
                    yield StringTensor(line.rstrip(b"\n").rstrip(b"\r"))

        super().__init__(lambda: _of_files(lines, filenames, num_parallel_reads), UNKNOWN, _spec)


class TFRecordDataset(Dataset):
    """The records of TFRecord files; their checksums are checked."""

    def __init__(self, filenames, compression_type=None, buffer_size=None, num_parallel_reads=None,
                 name=None):
        def records(name):
            with _opened(name, compression_type) as file:
                for record in read_records(file, name.decode()):
                    yield StringTensor(record)

        super().__init__(lambda: _of_files(records, filenames, num_parallel_reads), UNKNOWN, _spec)


class FixedLengthRecordDataset(Dataset):
    """Records of so many bytes, between a file's header and footer."""

    def __init__(self, filenames, record_bytes, header_bytes=None, footer_bytes=None,
                 buffer_size=None, compression_type=None, num_parallel_reads=None, name=None):
        def make():
            for name in _names(filenames):
                with _opened(name, compression_type) as file:
                    data = file.read()
                end = len(data) - (footer_bytes or 0)
                for at in range(header_bytes or 0, end - record_bytes + 1, record_bytes):
                    yield StringTensor(data[at:at + record_bytes])

        super().__init__(make, UNKNOWN, _spec)


def _opened(name, compression_type):
    """A file's bytes, unpacked."""
    import io

    path = name.decode() if isinstance(name, bytes) else name
    if not os.path.exists(path):
        raise NotFoundError(f"{path}; No such file or directory [Op:IteratorGetNext]")
    if compression_type in (None, ""):
        return open(path, "rb")
    if compression_type == "GZIP":
        return gzip.open(path, "rb")
    if compression_type == "ZLIB":
        with open(path, "rb") as file:
            return io.BytesIO(zlib.decompress(file.read()))
    raise ValueError(f"compression_type is '', 'GZIP' or 'ZLIB', not {compression_type!r}")
