"""Progress bars on terminals and in logs, over a clock that the tests turn."""

import io

import pytest
import tenon.utils.progress as module
from tenon.utils.progress import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    monkeypatch.setenv("COLUMNS", "80")
    return now


def seconds(clock, values, each):
    for value in values:
        clock[0] += each
        yield value


def test_a_bar_in_a_terminal(clock):
    file = Terminal()
    seen = []
    for value in progress(seconds(clock, "abcd", 0.5), "epoch 1", 4, file=file):
        seen.append(value)
    assert seen == list("abcd")
    drawn = file.getvalue().split("\r")[1:]
    assert len(drawn) == 5 and drawn[-1].endswith("\n")
    assert drawn[0].startswith("epoch 1 [=======>") and drawn[0].endswith("] 1/4  2/s  0:02 left")
    assert drawn[3] == "epoch 1 [==============================] 4/4  2/s  0:00 left"


def test_it_draws_no_more_often_than_it_should(clock):
    file = Terminal()
    list(progress(seconds(clock, range(100), 0.01), total=100, file=file))
    assert 9 <= file.getvalue().count("\r") <= 11
    log = io.StringIO()
    list(progress(seconds(clock, range(100), 0.25), "log", total=100, file=log))
    assert log.getvalue() == "log 40/100  4/s  0:15 left\nlog 80/100  4/s  0:05 left\n"


def test_losses_lengths_and_lines_that_go_away(clock):
    file = Terminal()
    bar = progress([1, 2], "e", file=file, leave=False)
    assert len(bar) == 2
    for _ in bar:
        clock[0] += 1
        bar.set_loss(0.5)
    assert "loss 0.5000" in file.getvalue() and file.getvalue().endswith(" \r")
    counted = progress(total=10, file=Terminal())
    counted.update(4)
    clock[0] += 2
    assert str(counted).startswith(" [") and "4/10  2/s" in str(counted)
    unknown = progress(iter([1]), "u", file=io.StringIO())
    clock[0] += 1
    unknown.update(3)
    assert str(unknown) == "u 3  3/s"


def test_it_closes_where_the_loop_breaks_and_keeps_silent(clock):
    file = Terminal()
    with progress(total=3, file=file) as bar:
        bar.update()
    end = file.getvalue()
    assert end.endswith("\n")
    bar.update()
    bar.close()
    assert file.getvalue() == end
    silent = Terminal()
    assert list(progress([1, 2], file=silent, disable=True)) == [1, 2] and silent.getvalue() == ""
    with pytest.raises(TypeError, match="an iterable or a total"):
        progress()


def test_an_error_in_the_loop_ends_the_line(clock):
    file = Terminal()
    with pytest.raises(ZeroDivisionError):
        with progress(range(3), file=file) as bar:
            for value in bar:
                1 / value
    assert file.getvalue().endswith("\n")
