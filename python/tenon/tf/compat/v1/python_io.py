"""tf.compat.v1.python_io: TFRecord files."""

from ...io import TFRecordOptions, TFRecordWriter  # noqa: F401


def tf_record_iterator(path, options=None):
    """The records of a file, as bytes."""
    from ...data import TFRecordDataset

    kind = options if isinstance(options, str) else getattr(options, "compression_type", "")
    return (record.numpy() for record in TFRecordDataset(path, kind))
