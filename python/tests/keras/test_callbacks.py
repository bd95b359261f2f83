"""Callbacks, the progress bar, files of events."""

import csv
import struct

import numpy as np
import pytest
import tenon as torch
from keras_layers import Affine
from tenon import keras
from tenon.utils._records import masked_crc32c

callbacks = keras.callbacks
X = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
Y = X @ np.array([[1.0], [2.0], [3.0], [4.0]], dtype="float32")


def model(rate=0.1):
    torch.manual_seed(0)
    made = keras.Sequential([Affine(1, input_shape=(4,))])
    made.compile(keras.optimizers.SGD(rate), "mse")
    return made


def test_when_callbacks_are_called():
    seen = []

    class Noting(callbacks.Callback):
        def on_train_begin(self, logs=None):
            seen.append("train")

        def on_epoch_begin(self, epoch, logs=None):
            seen.append(epoch)

        def on_train_batch_end(self, batch, logs=None):
            assert isinstance(logs["loss"], float)
            seen.append("batch")

        def on_test_end(self, logs=None):
            seen.append("test")

        def on_epoch_end(self, epoch, logs=None):
            seen.append(sorted(logs))

        def on_predict_batch_end(self, batch, logs=None):
            seen.append(logs["outputs"].shape)

    one = model()
    one.fit(X, Y, epochs=1, validation_data=(X, Y), verbose=0, callbacks=[Noting()])
    assert seen == ["train", 0, "batch", "batch", "test", ["loss", "val_loss"]]
    seen.clear()
    one.predict(X[:8], verbose=0, callbacks=[Noting()])
    assert seen == [(8, 1)]
    with pytest.raises(TypeError, match="instances of keras.callbacks.Callback"):
        one.fit(X, Y, callbacks=[Noting])


def test_early_stopping():
    one = model()
    values = iter([5.0, 3.0, 4.0, 3.5, 2.0])

    class Telling(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.layers[0].bias.assign([float(epoch)])
            logs["val_loss"] = next(values)

    stopping = callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    history = one.fit(X, Y, epochs=9, verbose=0, callbacks=[Telling(), stopping])
    assert history.epoch == [0, 1, 2, 3] and stopping.stopped_epoch == 3
    assert one.layers[0].bias.item() == 1.0  # of the epoch with 3.0
    with pytest.warns(UserWarning, match="`val_acc` is not available. Available metrics are: loss"):
        one.fit(X, Y, verbose=0, callbacks=[callbacks.EarlyStopping("val_acc")])


def test_learning_rates():
    one = model(0.1)
    history = one.fit(X, Y, epochs=3, verbose=0, callbacks=[
        callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)]).history
    assert history["learning_rate"] == pytest.approx([0.05, 0.025, 0.0125])
    one = model(0.0)
    one.optimizer.learning_rate = 1e-12  # so that nothing becomes better
    history = one.fit(X, Y, epochs=5, verbose=0, callbacks=[
        callbacks.ReduceLROnPlateau("loss", factor=0.1, patience=2, min_lr=1e-14)]).history
    assert history["learning_rate"] == pytest.approx([1e-12, 1e-12, 1e-12, 1e-13, 1e-13], rel=1e-4)


@pytest.mark.filterwarnings("ignore:the loss is NaN")
def test_terminate_on_nan(capsys):
    history = model().fit(np.where(np.arange(64)[:, None] < 32, X, np.nan), Y, epochs=3,
                          shuffle=False, verbose=0, callbacks=[callbacks.TerminateOnNaN()])
    assert "Batch 1: Invalid loss, terminating training" in capsys.readouterr().out
    assert history.epoch == [0]


def test_csv_logger(tmp_path):
    path = tmp_path / "log.csv"
    history = model().fit(X, Y, epochs=2, validation_data=(X, Y), verbose=0,
                          callbacks=[callbacks.CSVLogger(path)]).history
    model().fit(X, Y, epochs=1, validation_data=(X, Y), verbose=0,
                callbacks=[callbacks.CSVLogger(path, append=True)])
    rows = list(csv.DictReader(path.open()))
    assert list(rows[0]) == ["epoch", "loss", "val_loss"]
    assert [float(row["loss"]) for row in rows[:2]] == history["loss"] and len(rows) == 3


def test_going_on_after_a_break(tmp_path):
    whole = model()
    whole.fit(X, Y, epochs=4, shuffle=False, verbose=0)

    class Break(callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    backup = callbacks.BackupAndRestore(tmp_path / "backup")
    with pytest.raises(KeyboardInterrupt):
        model().fit(X, Y, epochs=4, shuffle=False, verbose=0, callbacks=[backup, Break()])
    later = model()
    later.layers[0].bias.assign([7.0])
    history = later.fit(X, Y, epochs=4, shuffle=False, verbose=0,
                        callbacks=[callbacks.BackupAndRestore(tmp_path / "backup")])
    assert history.epoch == [2, 3] and not (tmp_path / "backup").exists()
    assert all(np.array_equal(a, b) for a, b in zip(whole.get_weights(), later.get_weights()))


def records_of(path):
    data = path.read_bytes()
    while data:
        (length,), (crc,) = struct.unpack("<Q", data[:8]), struct.unpack("<I", data[8:12])
        assert crc == masked_crc32c(data[:8])
        yield data[12:12 + length]
        assert struct.unpack("<I", data[12 + length:16 + length])[0] == masked_crc32c(
            data[12:12 + length])
        data = data[16 + length:]


def test_tensorboard(tmp_path):
    history = model().fit(X, Y, epochs=2, validation_data=(X, Y), verbose=0, callbacks=[
        callbacks.TensorBoard(tmp_path, histogram_freq=1, update_freq="batch")]).history
    crc = masked_crc32c(b"123456789")  # 0xe3069283 is CRC-32C's published check value
    assert crc == ((0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8) & 0xFFFFFFFF
    (train,) = (tmp_path / "train").iterdir()
    (validation,) = (tmp_path / "validation").iterdir()
    records = list(records_of(train))
    assert records[0].endswith(b"\x1a\x0dbrain.Event:2")
    tag = b"\x0a\x0aepoch_loss\x15"
    losses = [struct.unpack("<f", record.split(tag)[1][:4])[0] for record in records
              if tag in record]
    assert losses == history["loss"]
    assert sum(b"batch_loss" in record for record in records) == 4
    assert sum(b"kernel/histogram" in record for record in records) == 2
    losses = [struct.unpack("<f", record.split(tag)[1][:4])[0] for record in records_of(validation)
              if tag in record]
    assert losses == history["val_loss"]


def test_the_bar_is_drawn_as_keras_draws_it(capsys, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.time", lambda: now[0])
    bar = callbacks.Progbar(32)
    now[0] += 0.405
    bar.update(1, [("accuracy", 0.125), ("loss", 2.5)])
    now[0] += 0.093
    bar.update(32, [("accuracy", 0.1), ("loss", 0.0002)])
    # What Keras 3 writes for the same steps at the same times.
    assert capsys.readouterr().out == (
        "\r\x1b[1m 1/32\x1b[0m \x1b[37m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m12s\x1b[0m 405ms/step - "
        "accuracy: 0.1250 - loss: 2.5000" + "\b" * 75 +
        "\r\x1b[1m32/32\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m0s\x1b[0m "
        "3ms/step - accuracy: 0.1000 - loss: 2.0000e-04\n")


def test_lines_of_epochs(capsys):
    model().fit(X, Y, epochs=2, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Epoch 1/2" and lines[2] == "Epoch 2/2"
    assert lines[1].startswith("2/2 - 0s - ") and "s/step - loss: " in lines[1]
    model().fit(X, Y, verbose=0)
    assert capsys.readouterr().out == ""


def test_means_of_weights_take_their_place_in_evaluation():
    model = keras.Sequential([keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), "mse")
    x, y, seen = np.ones((4, 1), "f"), np.zeros((4, 1), "f"), []
    swap = callbacks.SwapEMAWeights(swap_on_epoch=True)
    note = callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: seen.append(("begin", float(model.weights[0]))),
        on_epoch_end=lambda epoch, logs: seen.append(("end", float(model.weights[0]))))
    model.fit(x, y, epochs=3, verbose=0, callbacks=[swap, note])
    first = seen[0][1]
    weights = [first * 0.8**i for i in range(1, 4)]  # each step takes a fifth
    means = [weights[0]]
    means += [(means[0] + weights[1]) / 2]
    means += [(means[1] + weights[2]) / 2]
    expected = [first, means[0], weights[0], means[1], weights[1], means[2]]
    np.testing.assert_allclose([value for _, value in seen], expected, rtol=1e-5)
    np.testing.assert_allclose(float(model.weights[0]), means[2], rtol=1e-5)
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="must be used when `use_ema=True`"):
        model.evaluate(x, y, verbose=0, callbacks=[callbacks.SwapEMAWeights()])


def test_logs_go_to_a_server():
    import http.server
    import threading

    received = []

    class Server(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            received.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        monitor = callbacks.RemoteMonitor(f"http://127.0.0.1:{server.server_port}",
                                          send_as_json=True)
        monitor.on_epoch_end(2, {"loss": np.float32(0.5)})
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert received == ['{"epoch": 2, "loss": 0.5}']
    with pytest.warns(UserWarning, match="Could not reach RemoteMonitor root server"):
        monitor.on_epoch_end(3, {"loss": 0.25})
