"""SummaryWriter: the messages in its files."""

import glob
import io
import struct

import numpy as np
import pytest
import tenon as torch
from PIL import Image
from tenon.utils._protobuf import fields
from tenon.utils._records import read_records
from tenon.utils.tensorboard import SummaryWriter


def message(data):
    """The fields of a message by number, each with the last of its values."""
    return {number: value for number, _, value in fields(data)}


def values_of(folder):
    """(tag, step, the fields of the value) of all that a folder's file has."""
    path, = glob.glob(f"{folder}/events*")
    found = []
    with open(path, "rb") as file:
        for record in read_records(file, path):
            event = message(record)
            if 5 in event:
                value = message(message(event[5])[1])
                found.append((value[1].decode(), event.get(2, 0), value))
    return found


def test_numbers_and_texts(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        writer.add_scalar("loss/train", torch.tensor(1.5), 3)
        writer.add_scalars("both", {"a": 1, "b": np.float32(2)}, 4)
        writer.add_histogram("weights", torch.tensor([1.0, 2.0, 2.0, 5.0]), 5, bins=4)
        writer.add_text("note", "hello", 6)
        assert writer.get_logdir() == str(tmp_path)
    loss, weights, note = values_of(tmp_path)
    assert loss[:2] == ("loss/train", 3) and struct.unpack("<f", loss[2][2])[0] == 1.5
    histogram = message(weights[2][5])
    assert [struct.unpack("<d", histogram[i])[0] for i in range(1, 6)] == [1, 5, 4, 10, 34]
    assert np.frombuffer(histogram[6]).tolist() == [2, 3, 4, 5]
    assert np.frombuffer(histogram[7]).tolist() == [3, 0, 0, 1]
    assert note[0] == "note/text_summary" and message(note[2][8])[8] == b"hello"
    assert [values_of(tmp_path / f"both_{name}")[0][:2] for name in "ab"] == [("both", 4)] * 2


def picture(value):
    return np.asarray(Image.open(io.BytesIO(message(value[4])[4])))


def test_pictures(tmp_path):
    image = torch.rand(3, 4, 5)
    with SummaryWriter(tmp_path) as writer:
        writer.add_image("chw", image, 1)
        writer.add_image("hwc", (image.permute(1, 2, 0) * 255).to(torch.uint8), 1,
                         dataformats="HWC")
        writer.add_images("rows", torch.ones(9, 1, 2, 3), 1)
        writer.add_image_with_boxes("box", torch.zeros(3, 12, 12), torch.tensor([[1, 1, 9, 9]]))
        with pytest.raises(ValueError, match="doesn't fit an image of sizes .3, 4, 5."):
            writer.add_image("no", image, dataformats="NCHW")
        with pytest.raises(ValueError, match="expected one number, got sizes"):
            writer.add_scalar("no", image)
    first, second, rows, box = (value for _, _, value in values_of(tmp_path))
    expected = (image.permute(1, 2, 0) * 255).to(torch.uint8).numpy()
    assert (picture(first) == expected).all() and (picture(second) == expected).all()
    whole = picture(rows)
    assert whole.shape == (4, 24) and whole[:2].all() and whole[2:, :3].all() and not whole[
        2:, 3:].any()
    assert picture(box)[1, 1].tolist() == [255, 0, 0] and not picture(box)[5, 5].any()


def test_settings_curves_and_points(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        writer.add_hparams({"lr": 0.1, "wide": True, "kind": "adam"}, {"accuracy": 0.5},
                           run_name="run")
        writer.add_pr_curve("curve", torch.tensor([1, 0, 1, 0]),
                            torch.tensor([0.9, 0.8, 0.3, 0.1]), 0, num_thresholds=3)
        writer.add_embedding(torch.tensor([[1.0, 2.0]]), metadata=["one"], tag="points")
        writer.add_graph(torch.nn.Sequential(torch.nn.Linear(1, 1)))
    names = [tag for tag, _, _ in values_of(tmp_path / "run")]
    assert names == ["_hparams_/experiment", "_hparams_/session_start_info",
                     "_hparams_/session_end_info", "accuracy"]
    started = message(message(values_of(tmp_path / "run")[1][2][9])[1])
    assert started[1] == b"hparams" and b"adam" in started[2] and b"wide" in started[2]
    (_, _, curve), = values_of(tmp_path)
    numbers = [struct.unpack("<f", value)[0] for number, _, value in fields(curve[8])
               if number == 5]
    true_positives, false_positives = numbers[:3], numbers[3:6]
    assert true_positives == [2, 1, 0] and false_positives == [2, 1, 0]
    assert (tmp_path / "00000/points/tensors.tsv").read_text() == "1.0\t2.0\n"
    assert 'metadata_path: "00000/points/metadata.tsv"' in (
        tmp_path / "projector_config.pbtxt").read_text()
