"""tf.compat.v1.gfile: `tf.io.gfile` by its older names."""

from ...io.gfile import GFile, copy as _copy  # noqa: F401
from ...io.gfile import exists as Exists  # noqa: F401
from ...io.gfile import glob as Glob  # noqa: F401
from ...io.gfile import isdir as IsDirectory  # noqa: F401
from ...io.gfile import listdir as ListDirectory  # noqa: F401
from ...io.gfile import makedirs as MakeDirs  # noqa: F401
from ...io.gfile import mkdir as MkDir  # noqa: F401
from ...io.gfile import remove as Remove  # noqa: F401
from ...io.gfile import rename as Rename  # noqa: F401
from ...io.gfile import rmtree as DeleteRecursively  # noqa: F401
from ...io.gfile import stat as Stat  # noqa: F401
from ...io.gfile import walk as Walk  # noqa: F401

Open = FastGFile = GFile


def Copy(oldpath, newpath, overwrite=False):
    """`tf.io.gfile.copy`."""
    _copy(oldpath, newpath, overwrite)
