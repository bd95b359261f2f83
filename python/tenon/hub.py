"""Models from folders with a `hubconf.py`, and files from the network."""

import hashlib
import importlib.util
import os
import re
import sys
import tempfile
import urllib.parse
import urllib.request

from ._serialization import load as _load

__all__ = ["download_url_to_file", "get_dir", "help", "list", "load",
           "load_state_dict_from_url", "set_dir"]

HASH_REGEX = re.compile(r"-([a-f0-9]*)\.")
_CONFIG = "hubconf.py"
_folder = None


def _get_torch_home():
    """The folder of what is kept from the network: $TORCH_HOME, or one of the user's caches."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return os.path.expanduser(os.environ.get("TORCH_HOME", os.path.join(cache, "tenon")))


def get_dir():
    """The folder for files from the network."""
    return _folder or os.path.join(_get_torch_home(), "hub")


def set_dir(d):
    """Another folder for files from the network."""
    global _folder
    _folder = os.path.expanduser(d)


def _config_of(repo_dir, source, call):
    if source != "local":
        raise ValueError(f"hub.{call}: repositories aren't downloaded here; clone {repo_dir!r} and "
                         f"give the folder with source='local'")
    path = os.path.join(os.path.expanduser(repo_dir), _CONFIG)
    if not os.path.exists(path):
        raise FileNotFoundError(f"hub.{call}: there is no {_CONFIG} in {repo_dir!r}")
    folder = os.path.dirname(path)
    sys.path.insert(0, folder)  # what it imports lies beside it
    try:
        spec = importlib.util.spec_from_file_location("hubconf", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(folder)
    missing = [name for name in getattr(module, "dependencies", ())
               if importlib.util.find_spec(name) is None]
    if missing:
        raise RuntimeError(f"Missing dependencies: {', '.join(missing)}")
    return module


def _entry(module, name):
    made = getattr(module, name, None)
    if not callable(made):
        raise RuntimeError(f"Cannot find callable {name} in hubconf")
    return made


def list(github, force_reload=False, skip_validation=False, trust_repo=None, verbose=True,
         source="local"):
    """The names of what a folder's hubconf.py offers."""
    module = _config_of(github, source, "list")
    return [name for name in dir(module)
            if callable(getattr(module, name)) and not name.startswith("_")]


def help(github, model, force_reload=False, skip_validation=False, trust_repo=None,
         source="local"):
    """The documentation of one of them."""
    return _entry(_config_of(github, source, "help"), model).__doc__


def load(repo_or_dir, model, *args, source="github", trust_repo=None, force_reload=False,
         verbose=True, skip_validation=False, **kwargs):
    """`model(*args, **kwargs)` of the hubconf.py of a folder, with source="local"."""
    return _entry(_config_of(repo_or_dir, source, "load"), model)(*args, **kwargs)


def download_url_to_file(url, dst, hash_prefix=None, progress=True):
    """Writes what is at `url` to `dst`; RuntimeError where its SHA-256 begins otherwise than
    `hash_prefix`. An interrupted download leaves no file."""
    from .utils.progress import progress as shown

    dst = os.path.expanduser(dst)
    with urllib.request.urlopen(url) as response:
        size = int(response.headers.get("Content-Length") or 0)
        file = tempfile.NamedTemporaryFile(dir=os.path.dirname(dst) or ".", delete=False)
        try:
            digest = hashlib.sha256()
            blocks = iter(lambda: response.read(1 << 20), b"")
            if progress and size:
                blocks = shown(blocks, total=-(-size >> 20))
            with file:
                for block in blocks:
                    file.write(block)
                    digest.update(block)
            if hash_prefix is not None and not digest.hexdigest().startswith(hash_prefix):
                raise RuntimeError(f'invalid hash value (expected "{hash_prefix}", got '
                                   f'"{digest.hexdigest()}")')
            os.replace(file.name, dst)
        except BaseException:
            os.unlink(file.name)
            raise


def load_state_dict_from_url(url, model_dir=None, map_location=None, progress=True,
                             check_hash=False, file_name=None, weights_only=False):
    """`load` of the file at `url`, which is kept in `model_dir`. With `check_hash`, the name has
    the first digits of its SHA-256: name-<sha256>.pth."""
    folder = model_dir or os.path.join(get_dir(), "checkpoints")
    os.makedirs(folder, exist_ok=True)
    name = file_name or os.path.basename(urllib.parse.urlparse(url).path)
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        found = HASH_REGEX.search(name) if check_hash else None
        download_url_to_file(url, path, found[1] if found else None, progress)
    return _load(path, map_location=map_location)
