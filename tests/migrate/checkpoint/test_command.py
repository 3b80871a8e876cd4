"""The command convert-checkpoint, on a checkpoint made without TensorFlow."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import safetensors

from migrate import checkpoint
from migrate.errors import UserError
from tests.migrate.checkpoint import small
from tests.migrate.checkpoint.command_line import INPUT, convert, run
from tests.migrate.checkpoint.command_line import place as place

ROOT = pathlib.Path(__file__).parents[3]


@pytest.mark.parametrize("target", ["program.py:Net", "program:Net", "program.py:Net()",
                                    "program.py:forward", "program.py:transformed",
                                    "program.py:Net(sizes=[5, 2])"])  # fmt: skip
def test_targets(place, monkeypatch, target):
    monkeypatch.syspath_prepend(str(place))
    sys.modules.pop("program", None)
    result = convert("-o", "out.safetensors", target=target)
    assert result.exit_code == 0, result.output
    assert "root: net is net in the checkpoint" in result.output
    assert "12 matched, 0 missing, 0 unexpected" in result.output
    params, state = checkpoint.load("out.safetensors")
    values = small.arrays()
    np.testing.assert_array_equal(
        params["net/~/mlp/~/linear_1"]["w"], values["net", "_mlp", "_layers", "1", "w"]
    )
    counter = state["net/~/batch_norm/~/var_ema"]["counter"]
    assert counter == 4 and counter.dtype == np.int32
    sys.modules.pop("program", None)


def test_plan_writes_nothing(place):
    before = sorted(os.listdir(place))
    result = convert("--plan")
    assert result.exit_code == 0
    assert "net/_norm/scale → params:net/~/batch_norm:scale" in result.output
    assert sorted(set(os.listdir(place)) - {"__pycache__"}) == before


def test_default_output(place):
    assert convert().exit_code == 0
    assert (place / "ckpt.safetensors").exists()
    convert(source=".")
    convert(source="ckpt.data-00000-of-00001")
    names = {path.name for path in place.glob("*.safetensors")}
    assert names == {"ckpt.safetensors", f"{place.name}.safetensors"}


@pytest.mark.parametrize("change, word", [
    ("extra", "unexpected (1):\n  step"),
    ("lost", "missing (1):\n  params:net/~/batch_norm:offset"),
    ("shape", "mismatched (1):\n  net/_mlp/_layers/0/b → "),
])  # fmt: skip
def test_refusal(place, change, word):
    values = small.arrays()
    if change == "extra":
        values["step",] = np.asarray(3, np.int64)
    elif change == "lost":
        del values["net", "_norm", "offset"]
    else:
        values["net", "_mlp", "_layers", "0", "b"] = np.zeros(6, np.float32)
    small.write(place / "other", values)
    result = convert("-o", "out.npz", source="other")
    assert result.exit_code == 1
    assert word in result.output and "nothing written" in result.output
    assert not (place / "out.npz").exists()
    if change == "extra":
        result = convert("-o", "out.npz", "--ignore", "st*", source="other")
        assert result.exit_code == 0 and "ignored (1)" in result.output


def test_two_places_fit(place):
    values = small.arrays()
    twice = {(f"{n}", *p[1:]): a for n in "ab" for p, a in values.items() if p[1:]}
    small.write(place / "two", twice)
    result = convert(source="two")
    assert result.exit_code == 2
    assert "2 objects of the checkpoint fit net equally well: a, b" in result.output
    assert result.output.count("\n") == 1
    result = convert("--root", "b", "--ignore", "a/*", source="two")
    assert result.exit_code == 0 and "root: net is b" in result.output
    assert convert("--root", "net=a", "--ignore", "b", source="two").exit_code == 0
    result = convert("--root", "c", source="two")
    assert "no object 'c'" in result.output and result.exit_code == 2


def test_renames(place):
    values = small.arrays()
    layer = values.pop(("net", "_mlp", "_layers", "1", "w"))
    values["net", "_old_head", "kernel"] = layer
    small.write(place / "old", values)
    assert convert(source="old").exit_code == 1
    (place / "names").write_text(
        "# the head moved\nnet/~/mlp/~/linear_1:w = net/_old_head/kernel\n"
    )
    result = convert("--map", "names", "-o", "o.npz", source="old")
    assert result.exit_code == 0, result.output
    params, _ = checkpoint.load("o.npz")
    np.testing.assert_array_equal(params["net/~/mlp/~/linear_1"]["w"], layer)
    (place / "names").write_text("nonsense\n")
    result = convert("--map", "names", source="old")
    assert "names, line 1: 'nonsense' is no rename" in result.output


def test_inspect_and_diff(place):
    result = run("inspect", "ckpt", "--values")
    assert result.exit_code == 0
    assert (
        "net/_norm/moving_mean/_counter" in result.output and "mean 4" in result.output
    )
    convert("-o", "a.safetensors")
    convert("-o", "b.npz")
    assert run("diff", "a.safetensors", "b.npz").exit_code == 0
    assert f"made from {place / 'ckpt'}" in run(
        "inspect", "a.safetensors"
    ).output.replace("made from ckpt", f"made from {place / 'ckpt'}")
    values = small.arrays()
    values["net", "_norm", "scale"] = values["net", "_norm", "scale"] + 1
    small.write(place / "other", values)
    result = run("diff", "ckpt", "other")
    assert result.exit_code == 1
    assert "net/_norm/scale: 2 of 2 values differ, at most by 1" in result.output
    assert "12 equal, 1 different" in result.output


@pytest.mark.parametrize("like", [(), ("--like", "ckpt")])
def test_the_way_back(place, like):
    convert("-o", "a.safetensors")
    root = () if like else ("--root", "net")
    result = convert("--to-sonnet", "-o", "back", *like, *root, source="a.safetensors")
    assert result.exit_code == 0, result.output
    assert run("diff", "ckpt", "back").exit_code == 0


def test_metadata(place):
    convert("-o", "a.safetensors")
    with safetensors.safe_open("a.safetensors", "numpy") as file:
        facts = file.metadata()["facts"]
        assert file.get_tensor("params:net/~/batch_norm:scale").shape == (1, 2)
    for word in ("ckpt", "program.py:Net", INPUT, "net/_norm/scale", "jax"):
        assert word in facts


def test_no_tensorflow_is_needed(place):
    """A new process, in which TensorFlow, Sonnet and dm-haiku can't be imported."""
    code = (
        "import sys\n"
        "for name in ('tensorflow', 'sonnet', 'haiku'):\n"
        "    sys.modules[name] = None\n"
        "from migrate.checkpoint.command import main\n"
        f"main(['ckpt', '--target', 'program.py:Net', '--input', '{INPUT}'])\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=place, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "wrote ckpt.safetensors" in done.stdout


def test_looking_needs_no_jax(place):
    """Help, contents and differences come at once: JAX is not even imported."""
    convert("-o", "a.safetensors")
    code = (
        "import sys\n"
        "sys.modules['jax'] = None\n"
        "from migrate.checkpoint.command import main\n"
        "for args in (['convert', '--help'], ['inspect', 'ckpt', '--values'],\n"
        "             ['inspect', 'a.safetensors'], ['diff', 'ckpt', 'ckpt']):\n"
        "    try:\n"
        "        main(args)\n"
        "    except SystemExit as end:\n"
        "        assert not end.code, args\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=place, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "13 equal, 0 different" in done.stdout


def _child(place, body):
    code = f"from migrate.checkpoint import command\n{body}\ncommand.main(['ckpt', "
    code += (
        f"'--target', 'program.py:Net', '--input', '{INPUT}', '-o', 'o.safetensors'])"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=place,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


# Where the tests themselves run in the background, Ctrl-C is ignored from the start.
_STALL = """
import signal, time
from migrate.checkpoint._src import safetensors_file
signal.signal(signal.SIGINT, signal.default_int_handler)
write_at = safetensors_file._write_at
def slow(handle, data, offset):
    write_at(handle, data, offset)
    open('begun', 'w').close()
    time.sleep(60)
safetensors_file._write_at = slow
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_in_the_middle(place, how):
    (place / "o.safetensors").write_bytes(b"the old file")
    child = _child(place, _STALL)
    for _ in range(1200):
        if (place / "begun").exists() or child.poll() is not None:
            break
        time.sleep(0.05)
    child.send_signal(how)
    _, errors = child.communicate(timeout=60)
    assert (place / "o.safetensors").read_bytes() == b"the old file"
    if how is signal.SIGINT:
        assert child.returncode == 130 and errors.splitlines()[-1] == "interrupted"
        assert not [n for n in os.listdir(place) if n.startswith(".partial")]


def test_disk_full(place):
    """A limit on the file size stands for a full disk: the write fails half-way."""
    (place / "o.safetensors").write_bytes(b"the old file")
    limit = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
    )
    child = _child(place, limit)
    _, errors = child.communicate(timeout=120)
    assert child.returncode == 2
    assert errors.splitlines()[-1].startswith("error: ") and "large" in errors
    assert (place / "o.safetensors").read_bytes() == b"the old file"
    assert not [n for n in os.listdir(place) if n.startswith(".partial")]


def test_interrupted_bundles_leave_old_or_none(place):
    """Whatever instruction a writer dies at, a reader finds old, new or nothing."""
    from compat import atomic, bundle

    old = small.write(place / "c")
    events = ["fsync", "replace", "unlink"]
    for event in events:
        for number in range(6):
            small.write(place / "c")
            calls = iter(range(100))
            real = getattr(os, event)

            def dying(*args, calls=calls, real=real, number=number, **kwargs):
                if next(calls) == number:
                    raise KeyboardInterrupt
                return real(*args, **kwargs)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(atomic.os, event, dying)
                try:
                    small.write(place / "c", {("v",): np.zeros(3)})
                except KeyboardInterrupt:
                    pass
            try:
                keys = set(bundle.Bundle(old).keys())
            except bundle.NoCheckpoint:
                continue
            reader = bundle.Bundle(old)
            for key in keys:
                reader.get(key)


OWNER = """
import numpy as np
from haiku_core import objects
from program import Net


class Learner:
    def __init__(self):
        self.net = objects.network(lambda: Net())
        self.steps = objects.Box(0)


def fresh():
    learner = Learner()
    learner.net(np.zeros((4, 3), np.float32), is_training=True)
    return learner


def parts():
    return dict(vars(fresh()))
"""


@pytest.mark.parametrize(
    "target", ["owner.py:fresh", "owner.py:fresh()", "owner.py:parts"]
)
def test_an_object_that_owns_networks(place, monkeypatch, target):
    monkeypatch.syspath_prepend(str(place))
    (place / "owner.py").write_text(OWNER)
    values = {**small.arrays(), ("steps",): np.asarray(9, np.int64)}
    small.write(place / "whole", values)
    result = run("whole", "--target", target, "-o", "w.safetensors")
    assert result.exit_code == 0, result.output
    assert "root: the target is (the root) in the checkpoint" in result.output
    assert "13 matched" in result.output
    import owner

    learner = owner.fresh()
    checkpoint.restore("w.safetensors", learner)
    assert int(learner.steps) == 9
    layer = learner.net.params["net/~/mlp/~/linear_0"]["w"]
    np.testing.assert_array_equal(layer, values["net", "_mlp", "_layers", "0", "w"])
    checkpoint.save("other.npz", {"m": {"w": np.zeros(2)}})
    with pytest.raises(UserError, match="do not fit each other"):
        checkpoint.restore("other.npz", learner)
    result = run("w.safetensors", "--target", target, "--to-sonnet", "-o", "b")
    assert result.exit_code == 2 and "add --like CKPT" in result.output
    result = run("w.safetensors", "--target", target, "--to-sonnet", "-o", "b",
                 "--like", "whole")  # fmt: skip
    assert result.exit_code == 0 and run("diff", "whole", "b").exit_code == 0
    for name in ("owner", "program"):
        sys.modules.pop(name, None)
