"""Runs the programs on one side and writes down what they did.

    python -m tests.compat.programs.runner original OUT [PROGRAM …]
    python -m tests.compat.programs.runner compat OUT [PROGRAM …]

The original side runs each program twice, the second time from weights that differ in
their last bit; it notes all variables before each step. The compat side runs it
freely, and again from the original's variables at each step.
"""

from __future__ import annotations

import json
import os
import pathlib
import sys
import traceback
from typing import Any

import numpy as np

from tests.compat.programs import programs, stubs


def numbers(values: dict[str, Any]) -> dict[str, float]:
    """Losses as floats."""
    return {name: float(np.asarray(value)) for name, value in values.items()}


def state(program: programs.Program) -> list[np.ndarray]:
    """The variables' values."""
    return [np.array(v.numpy()) for v in program.variables()]


def load(program: programs.Program, values: list[np.ndarray]) -> None:
    """Sets the variables; those that do not exist yet are left to be made."""
    for variable, value in zip(program.variables(), values, strict=False):
        variable.assign(value)


def nudged(program: programs.Program) -> None:
    """Moves each float variable by one unit in the last place."""
    rng = np.random.default_rng(7)
    for variable in program.variables():
        value = np.array(variable.numpy())
        if value.dtype == np.float32:
            toward = np.where(rng.integers(0, 2, value.shape), np.inf, -np.inf)
            variable.assign(np.nextafter(value, toward.astype(np.float32)))


def free(program: programs.Program) -> tuple[list[Any], list[Any]]:
    """(variables before each step and after the last, losses of each step)."""
    states, losses = [state(program)], []
    for i in range(programs.STEPS):
        losses.append(numbers(program.step(i)))
        states.append(state(program))
    return states, losses


def following(program: programs.Program, states: list[Any]) -> tuple[list, list]:
    """(variables after each step, losses), each step from the given variables."""
    after, losses = [], []
    for i in range(programs.STEPS):
        load(program, states[i])
        losses.append(numbers(program.step(i)))
        after.append(state(program))
    return after, losses


def save(path: pathlib.Path, **runs: tuple[list[Any], list[Any]]) -> None:
    """Writes runs: arrays in an .npz, losses in a .json."""
    arrays = {
        f"{run}/{step}/{i}": value
        for run, (states, _) in runs.items()
        for step, values in enumerate(states)
        for i, value in enumerate(values)
    }
    np.savez(path.with_suffix(".npz"), **arrays)
    losses = {run: lost for run, (_, lost) in runs.items()}
    path.with_suffix(".json").write_text(json.dumps(losses))


def read(path: pathlib.Path) -> dict[str, tuple[list[Any], list[Any]]]:
    """Reads what `save` wrote."""
    losses = json.loads(path.with_suffix(".json").read_text())
    runs: dict[str, Any] = {run: ([], lost) for run, lost in losses.items()}
    with np.load(path.with_suffix(".npz")) as arrays:
        for key in sorted(arrays, key=lambda k: [int(p) for p in k.split("/")[1:]]):
            run, step, _ = key.split("/")
            states = runs[run][0]
            while len(states) <= int(step):
                states.append([])
            states[int(step)].append(arrays[key])
    return runs


def main(side: str, out: str, *names: str) -> int:
    """Runs the programs; returns how many failed."""
    if side == "compat":
        import jax

        import compat

        compat.install(include=["bsuite", "acme", "sonnet_example"])
        # Small programs that run a few steps: to compile them is nearly all the cost.
        jax.config.update("jax_disable_most_optimizations", True)
    stubs.install()
    failed = 0
    for name in names or programs.PROGRAMS:
        build = programs.PROGRAMS[name]
        path = pathlib.Path(out) / f"{name}-{side}"
        try:
            if side == "original":
                reference = free(build())
                other = build()
                nudged(other)
                save(path, free=reference, nudged=free(other))
            else:
                original = read(pathlib.Path(out) / f"{name}-original")
                follow = following(build(), original["free"][0])
                save(path, free=free(build()), follow=follow)
        except Exception:
            failed += 1
            text = traceback.format_exc()
            path.with_suffix(".error").write_text(text)
            print(name, text, file=sys.stderr)
    if side == "compat" and "tensorflow" in sys.modules:
        print("TensorFlow was imported", file=sys.stderr)
        failed += 1
    return failed


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main(*sys.argv[1:]))
