"""get_file(): files of the net, kept on disk."""

import hashlib
import os
import shutil
import tarfile
import urllib.parse
import urllib.request
import zipfile


def _hash_of(path, algorithm):
    made = hashlib.new(algorithm)
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            made.update(block)
    return made.hexdigest()


def _has_hash(path, file_hash, algorithm):
    if file_hash is None:
        return True
    if algorithm == "auto":
        algorithm = "sha256" if len(file_hash) == 64 else "md5"
    return _hash_of(path, algorithm) == file_hash


def _download(origin, path):
    written = f"{path}.part"
    try:
        with urllib.request.urlopen(origin) as source, open(written, "wb") as target:
            shutil.copyfileobj(source, target)
    except OSError as error:
        if os.path.exists(written):
            os.remove(written)
        raise OSError(f"get_file(): {origin} can't be read: {error}") from error
    os.replace(written, path)


def _extract(path, folder):
    """Unpacks a tar or zip archive; its files can't leave the folder."""
    if tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
    else:
        raise ValueError(f"get_file(): {path} is neither a tar nor a zip archive")


def get_file(fname=None, origin=None, untar=False, md5_hash=None, file_hash=None,
             cache_subdir="datasets", hash_algorithm="auto", extract=False, archive_format="auto",
             cache_dir=None, force_download=False):
    """The path of a file that is loaded from the address `origin` where it isn't in the folder
    cache_dir/cache_subdir yet (cache_dir: ~/.keras, or $KERAS_HOME). With `extract` (or `untar`)
    the path of the folder, named after the file, that the archive is unpacked in."""
    if origin is None:
        raise ValueError('Please specify the "origin" argument (URL of the file to download).')
    cache_dir = cache_dir or os.environ.get("KERAS_HOME") or os.path.join("~", ".keras")
    folder = os.path.join(os.path.expanduser(cache_dir), cache_subdir)
    os.makedirs(folder, exist_ok=True)
    fname = os.fspath(fname) if fname else os.path.basename(urllib.parse.urlsplit(origin).path)
    if not fname:
        raise ValueError(f"get_file(): {origin} names no file; give `fname`")
    path, file_hash = os.path.join(folder, fname), file_hash or md5_hash
    if force_download or not os.path.exists(path) or not _has_hash(path, file_hash, hash_algorithm):
        _download(origin, path)
        if not _has_hash(path, file_hash, hash_algorithm):
            os.remove(path)
            raise ValueError(f"get_file(): what came from {origin} has another hash than "
                             f"{file_hash}")
    if not (extract or untar):
        return path
    unpacked = f"{path}_extracted"
    if force_download or not os.path.exists(unpacked):
        _extract(path, unpacked)
    return unpacked
