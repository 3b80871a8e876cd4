"""Whole programs that train, rewritten: their losses follow TensorFlow's step by step.

The programs are those that `tests/compat/programs` runs as they are. Here they are
rewritten and run where TensorFlow can't be imported, from the same first weights.
"""

import importlib
import pathlib
import shutil
import sys

import numpy as np
import pytest
import tensorflow as tf

from migrate import checkpoint, rewrite_paths
from migrate.output import plan, write
from tests.compat.programs import programs
from tests.support.blocked import load_file

STEPS = 5


def losses(program):
    """The named losses of the first steps, as arrays."""
    return [
        {name: np.asarray(value) for name, value in program.step(i).items()}
        for i in range(STEPS)
    ]


def rewritten(path, folder):
    """The rewrite of a file with nothing left in it, imported without TensorFlow."""
    source = folder / "source" / path.name
    source.parent.mkdir()
    shutil.copy(path, source)
    run = rewrite_paths([source], out=folder / "out", jobs=1)
    left = [f for f in run.files[0].result.findings if f.safety == "manual"]
    assert not left
    write(plan(run, str(folder / "out")))
    sys.modules.pop("_tf_ops", None)  # another program's
    return load_file(folder / "out" / path.name, f"migrated_program_{path.stem}")


@pytest.mark.parametrize("name", ["gan", "transformer"])
def test_follows_tensorflow(name, tmp_path, monkeypatch):
    fill = programs.fill
    prefixes = []

    def filled(modules, seed):
        fill(modules, seed)
        for module in modules:
            prefix = str(tmp_path / f"start-{len(prefixes)}")
            prefixes.append(tf.train.Checkpoint(module=module).write(prefix))

    original = importlib.import_module(f"tests.compat.programs.own.{name}")
    monkeypatch.setattr(original, "fill", filled)
    wanted = losses(original.build())

    def converted(networks, seed):
        for network in networks:
            params, state = checkpoint.convert(prefixes.pop(0), network, root="module")
            network.params = params
            if state:
                network.state = state

    monkeypatch.setattr(programs, "fill", converted)
    found = losses(rewritten(pathlib.Path(original.__file__), tmp_path).build())
    for step, (ours, theirs) in enumerate(zip(found, wanted, strict=True)):
        assert ours.keys() == theirs.keys()
        for loss in theirs:
            # Errors of one step are in the weights of the next.
            np.testing.assert_allclose(
                ours[loss], theirs[loss], rtol=1e-5 * (step + 1), atol=1e-6
            )
