"""save() and load()."""

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
    assert not path.exists()
    with pytest.raises(OSError):
        torch.load(path)
    path.write_bytes(b"\x80\x04cos\nsystem\n(S'echo harm'\ntR.")
    with pytest.raises(torch.IoError):
        torch.load(path)
