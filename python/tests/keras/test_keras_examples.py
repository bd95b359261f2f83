"""The examples of tenon.keras, each at a small size."""

import importlib.util
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "examples" / "python" / "keras"


def load(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_autoencoder(capsys):
    history, before, after = load("autoencoder").main(["--epochs", "3", "--images", "1000"])
    assert history["val_loss"][-1] < history["val_loss"][0] and after < before
    assert "autoencoder" in capsys.readouterr().out


def test_two_inputs():
    history = load("two_inputs").main(["--epochs", "3", "--images", "1000"])
    assert history["sum_mae"][-1] < 0.8 * history["sum_mae"][0]
    assert history["equal_loss"][-1] < history["equal_loss"][0]


def test_transfer_learning():
    first, second, third, kept = load("transfer_learning").main(["--epochs", "3", "--images",
                                                                 "1000"])
    assert first > 0.9 and kept
    assert second > 0.5 and third > 0.5  # of five kinds


def test_image_classifier(tmp_path):
    history, loss, accuracy = load("image_classifier").main(
        ["--epochs", "4", "--images", "600", "--save", str(tmp_path / "best.keras")])
    assert history["loss"][-1] < history["loss"][0] and "learning_rate" in history
    assert (tmp_path / "best.keras").exists() and 0 < loss < 10 and 0 <= accuracy <= 1


def test_simple_classifier(capsys):
    module = load("simple_classifier")
    losses = module.model.history.history["loss"]
    assert len(losses) == 10 and losses == sorted(losses, reverse=True)
    out = capsys.readouterr().out
    assert out.count("\n") == 20 and "Epoch 10/10" in out and "32/32" in out
