"""The examples of text and of one's own layers, at small sizes."""

import runpy
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "examples" / "python" / "keras"


def run(name, *arguments):
    return runpy.run_path(str(FOLDER / f"{name}.py"))["main"](arguments)


def test_text_classification(capsys):
    history = run("text_classification", "--epochs", "3", "--reviews", "400")
    assert history.history["val_accuracy"][-1] > 0.95
    shares = [float(line.split()[0]) for line in capsys.readouterr().out.splitlines()[-2:]]
    assert shares[0] > 0.8 and shares[1] < 0.2


def test_own_layer_and_metric(capsys):
    history = run("custom_layer_and_metric", "--epochs", "30", "--points", "500")
    shares = history.history["share_close"]
    assert shares[-1] > 0.8 > 0.4 > shares[0]
    assert capsys.readouterr().out.splitlines()[-1].endswith("differs by 0.0")
