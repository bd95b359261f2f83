"""Datasets of the lines of CSV files."""

import collections
import csv
import glob

from ... import _core
from ..._eager import convert, dtypes
from ..._eager.errors import InvalidArgumentError
from ..io import _column, _csv_value, _default_of
from ._dataset import UNKNOWN, Dataset
from ._files import _names, _opened

_INT32, _INT64 = range(-2**31, 2**31), range(-2**63, 2**63)


def _rows(names, compression_type, header, field_delim, use_quote_delim, encoding="utf-8"):
    """The fields of each line of files."""
    quoting = csv.QUOTE_MINIMAL if use_quote_delim else csv.QUOTE_NONE
    for name in names:
        with _opened(name, compression_type) as file:
            lines = csv.reader((line.decode(encoding) for line in file), delimiter=field_delim,
                               quoting=quoting)
            if header:
                next(lines, None)
            yield from (line for line in lines if line)


class CsvDataset(Dataset):
    """The lines of CSV files, each a tuple of numbers and strings of the defaults' dtypes."""

    def __init__(self, filenames, record_defaults, compression_type=None, buffer_size=None,
                 header=False, field_delim=",", use_quote_delim=True, na_value="",
                 select_cols=None, exclude_cols=None):
        if select_cols is not None and exclude_cols is not None:
            raise InvalidArgumentError("Either select_cols or exclude_cols should be empty")
        defaults = [_default_of(one) for one in record_defaults]

        def make():
            for row in _rows(_names(filenames), compression_type, header, field_delim,
                             use_quote_delim):
                if select_cols is not None:
                    row = [row[i] for i in select_cols]
                elif exclude_cols is not None:
                    row = [one for i, one in enumerate(row) if i not in exclude_cols]
                if len(row) != len(defaults):
                    raise InvalidArgumentError(f"Expect {len(defaults)} fields but have "
                                               f"{len(row)} in record [Op:IteratorGetNext]")
                yield tuple(_column([_csv_value(text, default, dtype, na_value, i)], dtype, ())
                            for i, (text, (default, dtype)) in enumerate(zip(row, defaults)))

        super().__init__(make, UNKNOWN)


def make_csv_dataset(file_pattern, batch_size, column_names=None, column_defaults=None,
                     label_name=None, select_columns=None, field_delim=",", use_quote_delim=True,
                     na_value="", header=True, num_epochs=None, shuffle=True,
                     shuffle_buffer_size=10000, shuffle_seed=None, prefetch_buffer_size=None,
                     num_parallel_reads=None, sloppy=False, num_rows_for_inference=100,
                     compression_type=None, ignore_errors=False, encoding="utf-8"):
    """Batches of the columns of CSV files, by name, shuffled and repeated unless told otherwise;
    with `label_name`, pairs of the other columns and that one. The dtypes are those of the first
    lines unless defaults are given."""
    patterns = [file_pattern] if isinstance(file_pattern, str) else list(file_pattern)
    names = sorted({name for pattern in patterns for name in glob.glob(pattern)})
    if not names:
        raise ValueError(f"No files matched the file pattern {file_pattern!r}.")
    names = [name.encode() for name in names]

    def rows(header=header):
        return _rows(names, compression_type, header, field_delim, use_quote_delim, encoding)

    if column_names is None:
        if not header:
            raise ValueError("Cannot infer column names without a header line.")
        column_names = next(rows(False), [])
    if len(set(column_names)) != len(column_names):
        raise ValueError("Cannot have duplicate column names.")
    if label_name is not None and label_name not in column_names:
        raise ValueError("`label_name` provided must be one of the columns.")
    chosen = _chosen(column_names, select_columns)
    given = list(column_defaults) if column_defaults is not None else \
        _inferred(rows(), chosen, na_value, num_rows_for_inference)
    if len(given) == len(column_names) > len(chosen):
        given = [given[i] for i in chosen]
    if len(given) != len(chosen):
        raise ValueError(f"{len(given)} column_defaults are given for {len(chosen)} columns")
    defaults = [_default_of(one) for one in given]

    def batch_of(held):
        made = collections.OrderedDict()
        for place, (default, dtype) in zip(chosen, defaults):
            values = [_csv_value(row[place], default, dtype, na_value, place) for row in held]
            made[column_names[place]] = _column(values, dtype, (len(held),))
        if label_name is None:
            return made
        return made, made.pop(label_name)

    def make():
        return (_checked(row, len(column_names), ignore_errors) for row in rows())

    lines = Dataset(lambda: (row for row in make() if row is not None), UNKNOWN, lambda: None)
    if shuffle:
        lines = lines.shuffle(shuffle_buffer_size, shuffle_seed)
    lines = lines.repeat(num_epochs)
    from . import _steps

    # A batch is short only where the last pass ends.
    made = Dataset(lambda: _steps.batches(iter(lines), int(batch_size), num_epochs is None,
                                          batch_of), lines._size)
    return made.prefetch(-1 if prefetch_buffer_size is None else prefetch_buffer_size)


def _checked(row, count, ignores):
    if len(row) == count:
        return row
    if ignores:
        return None
    raise InvalidArgumentError(f"Expect {count} fields but have {len(row)} in record "
                               "[Op:IteratorGetNext]")


def _chosen(names, wanted):
    """The places of the columns that are wanted."""
    if wanted is None:
        return list(range(len(names)))
    places = []
    for one in wanted:
        if isinstance(one, str) and one not in names:
            raise ValueError(f"Value '{one}' from `select_columns` not present in `column_names`: "
                             f"{', '.join(names)}")
        places.append(names.index(one) if isinstance(one, str) else int(one))
    return sorted(places)


def _inferred(rows, chosen, na_value, count):
    """The default of each column: 0 or '' of the narrowest dtype that takes its first values."""
    kinds = [0] * len(chosen)
    for number, row in enumerate(rows):
        if count is not None and number >= count:
            break
        for i, place in enumerate(chosen):
            kinds[i] = max(kinds[i], _kind(row[place], na_value))
    zeros = [_core.int32, _core.int64, _core.float32, _core.float64]
    return [convert.constant("" if kind == len(zeros) else 0, dtypes.string if kind == len(zeros)
                             else zeros[kind]) for kind in kinds]


def _kind(text, na_value):
    """0 to 3 for int32, int64, float32 and float64, 4 for what is no number."""
    if text in ("", na_value):
        return 0
    try:
        number = int(text)
        return 0 if number in _INT32 else 1 if number in _INT64 else 2
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return 4
    return 2 if abs(number) <= 3.4028234e38 or number != number or number in (
        float("inf"), float("-inf")) else 3
