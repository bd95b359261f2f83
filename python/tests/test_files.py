"""save() and load()."""

import collections
import io
import pickle
import struct
import sys
import types
import zipfile

import numpy as np
import pytest
import tenon as torch


def test_round_trips(tmp_path):
    path = tmp_path / "model.safetensors"
    state = {"model": {"weight": torch.randn(2, 3), 0: [torch.ones(2), "text", None, 1.5]},
             "epoch": 3, "done": True, "pair": (1, torch.zeros(1, dtype=torch.int64))}
    torch.save(state, path)
    again = torch.load(path)
    assert again["model"]["weight"].tolist() == state["model"]["weight"].tolist()
    assert again["model"][0][1:] == ["text", None, 1.5] and again["epoch"] == 3
    assert again["done"] is True and again["pair"][1].dtype is torch.int64
    assert isinstance(again["pair"], tuple)
    torch.save(torch.arange(3), path)
    assert torch.load(str(path), map_location="cpu").tolist() == [0, 1, 2]


def test_what_is_refused(tmp_path):
    path = tmp_path / "file.safetensors"
    with pytest.raises(TypeError, match="object"):
        torch.save({"x": object()}, path)
    with pytest.raises(TypeError, match=r"not Linear; give its state_dict\(\)"):
        torch.save(torch.nn.Linear(1, 1), path)
    assert not path.exists()
    with pytest.raises(FileNotFoundError):
        torch.load(path)
    path.write_bytes(b"\x80\x04cos\nsystem\n(S'echo harm'\ntR.")
    with pytest.raises(torch.IoError):
        torch.load(path)


def test_files_that_are_open_and_names_that_meet():
    state = {"a.b": torch.ones(2), "a": {"b": torch.zeros(3)}, "n": np.float64(1.5)}
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    again = torch.load(file, map_location=lambda storage, location: storage)
    assert again["a.b"].tolist() == [1, 1] and again["a"]["b"].tolist() == [0, 0, 0]
    assert again["n"] == 1.5
    with pytest.raises(torch.DeviceError):
        torch.load(file, map_location="cuda:0")


# PyTorch's checkpoints, written by hand: the format is documented in its serialization notes.


class Named:
    """Pickles as a call of a function by its name, of a module that needs not be there."""

    def __init__(self, module, name, *arguments):
        self.function, self.arguments = stand_in(module, name), arguments

    def __reduce__(self):
        return self.function, self.arguments


def stand_in(module, name):
    found = sys.modules.setdefault(module, types.ModuleType(module))
    if not hasattr(found, name):
        function = type(name, (), {"__module__": module, "__qualname__": name})
        setattr(found, name, function)
    return getattr(found, name)


class Reference:
    def __init__(self, *saved_id):
        self.saved_id = saved_id


class Pickler(pickle.Pickler):
    def persistent_id(self, thing):
        return thing.saved_id if isinstance(thing, Reference) else None


def pickled(value):
    file = io.BytesIO()
    Pickler(file, 2).dump(value)
    return file.getvalue()


@pytest.fixture
def torch_modules():
    """Stand-ins for PyTorch's modules while checkpoints are written."""
    names = "torch", "torch._utils"
    before = {name: sys.modules.get(name) for name in names}
    for name in names:
        sys.modules[name] = types.ModuleType(name)
    yield
    for name, module in before.items():
        if module:
            sys.modules[name] = module
        else:
            del sys.modules[name]


def tensor_in(kind, key, count, offset, size, stride):
    storage = Reference("storage", stand_in("torch", kind), key, "cpu", count)
    return Named("torch._utils", "_rebuild_tensor_v2", storage, offset, size, stride, False,
                 collections.OrderedDict())


def archive_of(value, storages):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("model/data.pkl", pickled(value))
        archive.writestr("model/byteorder", "little")
        for key, array in storages.items():
            archive.writestr(f"model/data/{key}", array.tobytes())
    file.seek(0)
    return file


def test_checkpoints_of_pytorch(torch_modules, tmp_path):
    weight = np.arange(6, dtype=np.float32)
    state = {"weight": tensor_in("FloatStorage", "0", 6, 0, (2, 3), (3, 1)),
             "column": tensor_in("FloatStorage", "0", 6, 1, (2,), (3,)),
             "counts": [tensor_in("LongStorage", "1", 2, 0, (2,), (1,)), 3, "text", None],
             "size": Named("torch", "Size", [2, 3])}
    path = tmp_path / "model.pt"
    path.write_bytes(archive_of(state, {"0": weight, "1": np.array([5, 2**40])}).read())
    again = torch.load(path, map_location="cpu")
    assert again["weight"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert again["column"].tolist() == [1, 4] and again["size"] == (2, 3)
    assert again["counts"][0].tolist() == [5, 2**40] and again["counts"][1:] == [3, "text", None]
    again["weight"][0, 1] = 9
    assert again["column"][0].item() == 9  # one storage, as in the file


def test_checkpoints_from_before_zip(torch_modules):
    magic = 0x1950A86A20F9469CFC6C
    storage = Reference("storage", stand_in("torch", "FloatStorage"), "77", "cpu", 3, None)
    state = {"x": Named("torch._utils", "_rebuild_tensor_v2", storage, 0, (3,), (1,), False, {})}
    content = b"".join(pickled(part) for part in (
        magic, 1001, {"protocol_version": 1001, "little_endian": True}, state, ["77"]))
    content += struct.pack("<q", 3) + np.array([1, 2, 3], dtype=np.float32).tobytes()
    assert torch.load(io.BytesIO(content))["x"].tolist() == [1, 2, 3]
    for length in range(0, len(content), 7):
        with pytest.raises((torch.IoError, torch.Error)):
            torch.load(io.BytesIO(content[:length]))


def test_checkpoints_run_no_code(torch_modules, tmp_path):
    harm = tmp_path / "harm"
    for module, name in (("os", "system"), ("builtins", "eval"), ("torch", "load")):
        if not hasattr(sys.modules[module], name):
            stand_in(module, name)
        command = Named(module, name, f"open({str(harm)!r}, 'w')")
        with pytest.raises(torch.IoError, match=r"holds a \w+\.\w+; checkpoints of tensors"):
            torch.load(archive_of({"x": command}, {}))
    assert not harm.exists()


def test_checkpoints_that_lie(torch_modules):
    short = tensor_in("FloatStorage", "0", 6, 0, (2, 3), (3, 1))
    with pytest.raises(torch.IoError, match="should have 6 elements"):
        torch.load(archive_of(short, {"0": np.zeros(5, dtype=np.float32)}))
    beyond = tensor_in("FloatStorage", "0", 6, 2, (2, 3), (3, 1))
    with pytest.raises(torch.Error):
        torch.load(archive_of(beyond, {"0": np.zeros(6, dtype=np.float32)}))
    with pytest.raises(torch.IoError, match="data/0"):
        torch.load(archive_of(short, {}))
    with pytest.raises(torch.IoError, match="data.pkl"):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("hello", "x")
        file.seek(0)
        torch.load(file)
    whole = archive_of(short, {"0": np.zeros(6, dtype=np.float32)}).read()
    for at in range(0, len(whole), 11):  # a flipped byte is an error, or a harmless one
        spoiled = bytearray(whole)
        spoiled[at] ^= 0x41
        try:
            torch.load(io.BytesIO(bytes(spoiled)))
        except (torch.Error, OSError):
            pass
