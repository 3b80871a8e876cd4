"""What docs/checkpoints.md shows is run, in its order, on a small checkpoint."""

from __future__ import annotations

import pathlib
import re
import shlex
import types

import jax
import numpy as np
import optax
import pytest
from click.testing import CliRunner

from migrate import checkpoint
from migrate.checkpoint.command import main
from tests.migrate.checkpoint import small

ROOT = pathlib.Path(__file__).parents[3]
BLOCKS = re.findall(
    r"^```(sh|python)\n(.*?)^```",
    (ROOT / "docs" / "checkpoints.md").read_text(),
    re.M | re.S,
)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """model.py, and run/ckpt-100 with the model's variables and an Adam's slots."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(small.PROGRAM)
    (tmp_path / "run").mkdir()
    values = small.arrays()
    trained = [p for p in values if p[0] == "net" and len(p) != 4]
    for i, path in enumerate(sorted(trained, key=lambda p: (p[1] != "_mlp", p))):
        for slot in ("m", "v"):
            values["optimizer", slot, str(i)] = np.full_like(values[path], i)
    values["optimizer", "step"] = np.asarray(3, np.int64)
    small.write(tmp_path / "run" / "ckpt-100", values)
    return tmp_path


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_the_page_shows(place):
    assert sum(kind == "sh" for kind, _ in BLOCKS) == 4
    scope = {
        "optax": optax,
        "NamedSharding": jax.sharding.NamedSharding,
        "PartitionSpec": jax.sharding.PartitionSpec,
        "mesh": jax.sharding.Mesh(np.array(jax.devices()[:1]), ("model",)),
        "learner": types.SimpleNamespace(network=None, steps=None),
    }
    for kind, text in BLOCKS:
        if kind == "sh":
            for line in text.splitlines():
                program, *args = shlex.split(line)
                assert program == "convert-checkpoint"
                result = CliRunner().invoke(main, args)
                assert result.exit_code == 0, (line, result.output)
        elif "learner" not in text:  # those are tested in test_learners.py
            exec(text, scope)
    params, state = scope["params"], scope["state"]
    assert isinstance(params["net/~/mlp/~/linear_0"]["w"], jax.Array)
    assert int(state["net/~/batch_norm/~/mean_ema"]["counter"]) == 4
    assert int(scope["slots"][0].count) == 3
    whole, _ = checkpoint.load("net.safetensors")
    assert set(whole) == set(params)
