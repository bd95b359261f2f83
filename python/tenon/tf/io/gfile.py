"""tf.io.gfile: files and directories, of the local machine."""

import builtins
import glob as _glob
import os
import shutil
from typing import NamedTuple

from ..._eager.errors import AlreadyExistsError, NotFoundError


def _path(name):
    name = name.numpy() if hasattr(name, "numpy") else name
    return name.decode() if isinstance(name, bytes) else os.fspath(name)


class GFile:
    """A file, text unless its mode has a 'b'."""

    def __init__(self, name, mode="r"):
        self.name, self.mode = _path(name), mode
        try:
            self._file = builtins.open(self.name, mode)
        except FileNotFoundError as error:
            raise NotFoundError(f"{self.name}; No such file or directory") from error

    def read(self, n=-1):
        """So many characters or bytes; the rest for -1."""
        return self._file.read(n)

    def readline(self):
        return self._file.readline()

    def readlines(self):
        return self._file.readlines()

    def write(self, file_content):
        self._file.write(file_content)

    def seek(self, offset=None, whence=0, position=None):
        self._file.seek(offset if offset is not None else position, whence)

    def tell(self):
        return self._file.tell()

    def size(self):
        """The file's bytes."""
        return os.path.getsize(self.name)

    def flush(self):
        self._file.flush()

    def close(self):
        self._file.close()

    def seekable(self):
        return True

    def __iter__(self):
        return iter(self._file)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        return False


Open = GFile


def exists(path):
    """Whether there is such a file or directory."""
    return os.path.exists(_path(path))


def isdir(path):
    """Whether there is such a directory."""
    return os.path.isdir(_path(path))


def listdir(path):
    """The names in a directory."""
    try:
        return sorted(os.listdir(_path(path)))
    except FileNotFoundError as error:
        raise NotFoundError(f"Could not find directory {_path(path)}") from error


def glob(pattern):
    """The files that a pattern, or several, match, sorted."""
    patterns = pattern if isinstance(pattern, (list, tuple)) else [pattern]
    return sorted({name for one in patterns for name in _glob.glob(_path(one))})


def makedirs(path):
    """Makes a directory and those above it, where they aren't there."""
    os.makedirs(_path(path), exist_ok=True)


def mkdir(path):
    """Makes a directory, in one that is there."""
    try:
        os.mkdir(_path(path))
    except FileExistsError as error:
        raise AlreadyExistsError(f"{_path(path)}; File exists") from error
    except FileNotFoundError as error:
        raise NotFoundError(f"{_path(path)}; No such file or directory") from error


def remove(path):
    """Removes a file."""
    try:
        os.remove(_path(path))
    except FileNotFoundError as error:
        raise NotFoundError(f"{_path(path)}; No such file or directory") from error


def rmtree(path):
    """Removes a directory and all in it."""
    try:
        shutil.rmtree(_path(path))
    except FileNotFoundError as error:
        raise NotFoundError(f"{_path(path)}; No such file or directory") from error


def copy(src, dst, overwrite=False):
    """Copies a file."""
    _check_target(dst, overwrite)
    try:
        shutil.copyfile(_path(src), _path(dst))
    except FileNotFoundError as error:
        raise NotFoundError(f"{_path(src)}; No such file or directory") from error


def rename(src, dst, overwrite=False):
    """Gives a file another name."""
    _check_target(dst, overwrite)
    try:
        os.replace(_path(src), _path(dst))
    except FileNotFoundError as error:
        raise NotFoundError(f"{_path(src)}; No such file or directory") from error


def _check_target(path, overwrite):
    if not overwrite and exists(path):
        raise AlreadyExistsError(f"file already exists: {_path(path)}")


class FileStatistics(NamedTuple):
    """The bytes that a file has, when it was written to (nanoseconds since 1970), and whether it is
    a directory."""

    length: int
    mtime_nsec: int
    is_directory: bool


def stat(path):
    """The FileStatistics of a file."""
    name = _path(path)
    try:
        found = os.stat(name)
    except FileNotFoundError:
        raise NotFoundError(f"{name}; No such file or directory") from None
    return FileStatistics(found.st_size, found.st_mtime_ns, os.path.isdir(name))


def walk(top, topdown=True, onerror=None):
    """Directories with the names in them, from `top` on."""
    return os.walk(_path(top), topdown, onerror)


def join(path, *paths):
    """A path of parts."""
    return os.path.join(_path(path), *map(_path, paths))
