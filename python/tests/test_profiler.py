"""torch.profiler over the library's profiles."""

import json

import pytest
import tenon as torch
from tenon.profiler import ProfilerAction, profile, record_function, schedule


def test_counts_ops_and_scopes(tmp_path):
    x = torch.randn(40, 50)
    with profile(activities=[torch.profiler.ProfilerActivity.CPU], record_shapes=True) as profiler:
        for _ in range(3):
            with record_function("product"):
                x @ x.T
        torch.exp(x)
    averages = {one.key: one for one in profiler.key_averages()}
    assert averages["matmul"].count == averages["product"].count == 3 and averages["exp"].count == 1
    product = averages["product"]
    assert product.cpu_time_total >= averages["matmul"].cpu_time_total > 0
    assert product.self_cpu_time_total < product.cpu_time_total
    assert product.cpu_time == product.cpu_time_total / 3
    event = next(one for one in profiler.events() if one.name == "exp")
    assert event.input_shapes == "float32[40, 50] -> float32[40, 50]" and event.bytes == 16000
    table = profiler.key_averages().table(sort_by="count", row_limit=2)
    lines = table.splitlines()
    assert len(lines) == 7 and "product" in table and "exp" not in table
    assert lines[-1].startswith("Self CPU time total: ")
    profiler.export_chrome_trace(tmp_path / "trace.json")
    trace = json.loads((tmp_path / "trace.json").read_text())
    names = {one["name"] for one in trace["traceEvents"]}
    assert {"matmul", "product", "exp"} <= names
    with pytest.raises(AttributeError, match="'size'"):
        profiler.key_averages().table(sort_by="size")


def test_shapes_are_told_apart_and_updates_shown():
    weight = torch.ones(4, requires_grad=True)
    optimizer = torch.optim.Adam([weight])
    with profile() as profiler:
        for size in 2, 3, 3:
            torch.ones(size).exp()
        weight.sum().backward()
        optimizer.step()
    averages = profiler.key_averages(group_by_input_shape=True)
    shapes = {one.input_shapes: one.count for one in averages if one.key == "exp"}
    assert shapes == {"float32[2] -> float32[2]": 1, "float32[3] -> float32[3]": 2}
    assert "Input Shapes" in averages.table() and "Input Shapes" not in str(profiler.key_averages())
    assert {one.key: one.count for one in averages}["update"] == 1


def test_schedules(tmp_path):
    plan = schedule(skip_first=1, wait=1, warmup=1, active=2, repeat=1)
    none, warm = ProfilerAction.NONE, ProfilerAction.WARMUP
    assert [plan(i) for i in range(7)] == [none, none, warm, ProfilerAction.RECORD,
                                           ProfilerAction.RECORD_AND_SAVE, none, none]
    counts = []

    def ready(profiler):
        counts.append({one.key: one.count for one in profiler.key_averages()}["exp"])
        torch.profiler.tensorboard_trace_handler(str(tmp_path), use_gzip=True)(profiler)

    with profile(schedule=schedule(wait=1, warmup=0, active=2), on_trace_ready=ready) as profiler:
        for _ in range(6):
            torch.ones(2).exp()
            profiler.step()
    assert counts == [2, 2] and len(list(tmp_path.glob("*.pt.trace.json.gz"))) == 2
    with pytest.raises(ValueError, match="schedule"):
        schedule(wait=0, warmup=0, active=0)


def test_older_names_and_mistakes():
    @record_function("mine")
    def work():
        return torch.ones(3).sum()

    with torch.autograd.profiler.profile() as profiler:
        assert work().item() == 3
        with pytest.raises(ValueError, match="already|one"):
            profile().start()
    assert "mine" in profiler.table() and profiler.self_cpu_time_total > 0
    assert profiler.total_average().count >= 2
    with torch.autograd.profiler.profile(enabled=False) as nothing:
        work()
    with pytest.raises(RuntimeError, match="no profile yet"):
        nothing.key_averages()
    with pytest.raises(TypeError, match="not int"):
        record_function(3)


def test_what_is_asked_for_is_shown_or_told():
    with profile(profile_memory=True) as profiler:
        torch.ones(10).exp()
    for table in profiler.key_averages().table(), profiler.events().table():
        header, row = (line.split() for line in table.splitlines() if "Name" in line or
                       line.split()[0] == "exp")
        assert header[-1] == "Bytes" and row[-1] == "80"  # 10 read, 10 written
    with profile() as profiler:
        torch.ones(10).exp()
    assert "Bytes" not in profiler.key_averages().table()
    with pytest.warns(UserWarning, match="nothing to show for with_stack, with_flops"):
        profile(with_stack=True, with_flops=True)
