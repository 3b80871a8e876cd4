"""The demo: a legacy model goes the whole way, and its numbers are compared.

Uses no TensorFlow: what TensorFlow and Sonnet compute with the model was recorded by
fixtures/make.py, and importing them is forbidden here while the demo runs.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import pathlib
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from migrate import api, output
from migrate.errors import UserError
from migrate.report import text
from migrate.report.model import Report
from migrate.results import Options

TOLERANCE = 1e-5  # of the largest value in the reference array, for float32
SMALL = 1e-2  # of trees: an array counts as no smaller than this part of the largest
ACTIONS = 6
_FORBIDDEN = ("tensorflow", "sonnet", "trfl")


def run(keep: str | None = None) -> int:
    """Runs the demo; 0 if all numbers agree, else 1.

    Args:
      keep: the folder for the migrated file; None for a temporary one.

    Raises:
      UserError: the source tree with its fixtures is not there, or the rewrite fails.
    """
    fixtures = pathlib.Path(__file__).resolve().parent.parent / "fixtures"
    if not (fixtures / "demo" / "recorded.npz").exists():
        raise UserError(
            "the demo's files are in the source tree, which is not here",
            "clone the repository and call `make demo` in it",
        )
    target = text.console()
    with contextlib.ExitStack() as stack:
        folder = keep or stack.enter_context(tempfile.TemporaryDirectory())
        stack.enter_context(_without(_FORBIDDEN))
        _rewrite(target, fixtures / "legacy" / "clip_model.py", folder)
        return _compare(target, fixtures / "demo", folder)


def _step(target: Console, title: str) -> None:
    target.print()
    text.line(target, title, "bold")


def _rewrite(target: Console, legacy: pathlib.Path, folder: str) -> None:
    _step(target, "1. The legacy model, rewritten")
    run = api.rewrite_paths([str(legacy)], options=Options(), out=folder, jobs=1)
    result = Report.of(run)
    for file in result.files:
        text.print_diff(target, file)
    text.print_findings(target, result, ("assumed", "unsafe", "left"))
    text.print_errors(target, result)
    text.print_summary(target, result)
    if result.number("error") or result.counts.left:
        raise UserError("the rewrite left something of the model unturned")
    output.write(output.plan(run, folder))


class _Refusing:
    """A finder of modules that forbids some."""

    def __init__(self, names: tuple[str, ...]):
        self._names = names

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.partition(".")[0] in self._names:
            raise ImportError(f"{name} is forbidden while the demo runs")


@contextlib.contextmanager
def _without(names: tuple[str, ...]) -> Iterator[None]:
    """Forbids importing some packages."""
    refusing = _Refusing(names)
    sys.meta_path.insert(0, refusing)
    try:
        yield
    finally:
        sys.meta_path.remove(refusing)


@contextlib.contextmanager
def _importable(folder: str) -> Iterator[None]:
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def _compare(target: Console, recorded: pathlib.Path, folder: str) -> int:
    import jax

    import haiku_core as hk
    from migrate.checkpoint import convert

    with _importable(folder):
        clip_model = importlib.import_module("clip_model")

    def predict(clip, is_training):
        return clip_model.ClipModel(ACTIONS)(clip, is_training)

    def embed(clip, is_training):
        return clip_model.ClipModel(ACTIONS).embed(clip, is_training)

    def loss(clip, labels):
        return clip_model.ClipModel(ACTIONS).loss(clip, labels, is_training=True)

    with np.load(recorded / "recorded.npz") as file:
        reference = dict(file)
    clip, labels = reference["clip"], reference["labels"]
    _step(target, "2. The checkpoint, converted")

    def converted(name: str) -> tuple[dict, dict]:
        return convert(str(recorded / f"{name}-1"), predict, clip, is_training=True)

    params, state = converted("weights")
    gradients, _ = converted("gradients")
    _, trained = converted("trained")
    count = sum(x.size for x in jax.tree.leaves(params))
    tensors = len(jax.tree.leaves((params, state)))
    text.line(target, f"{tensors} arrays, {count} parameters, all of them placed")

    _step(target, "3. Run on JAX, and compared with what TensorFlow computed")

    def apply(function, *args, **flags):
        pure = hk.without_apply_rng(hk.transform_with_state(function)).apply
        return jax.jit(functools.partial(pure, **flags))(*args)

    rows = _Rows()
    outputs, _ = apply(predict, params, state, clip, is_training=False)
    rows.add("scores of clips", outputs["clip"], reference["eval_clip"])
    rows.add("scores of frames", outputs["frames"], reference["eval_frames"])
    features, _ = apply(embed, params, state, clip, is_training=False)
    rows.add("embed()", features, reference["eval_embed"])

    def training_loss(params):
        (value, right), new_state = apply(loss, params, state, clip, labels)
        return value, (right, new_state)

    (value, (right, new_state)), found = jax.value_and_grad(
        training_loss, has_aux=True
    )(params)
    rows.add("loss, in training", value, reference["loss"])
    rows.add("recognised", right, reference["right"])
    rows.add_trees("gradients", found, gradients)
    rows.add_trees("batch statistics", new_state, trained)
    rows.print(target)
    if any(name in sys.modules for name in _FORBIDDEN):
        raise UserError("TensorFlow or Sonnet was imported, so this proves nothing")
    if rows.failed:
        text.line(target, f"{rows.failed} of {len(rows)} do not agree", "bold red")
        return 1
    text.line(target, f"all {len(rows)} agree; TensorFlow was not imported", "green")
    return 0


class _Rows:
    """The comparisons: what, the greatest error, the scale it is measured by."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, int, float, float]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, what: str, found: Any, wanted: Any) -> None:
        """Compares two arrays.

        Raises:
          UserError: they have different shapes.
        """
        found, wanted = np.asarray(found), np.asarray(wanted)
        if found.shape != wanted.shape:
            raise UserError(f"{what}: shape {found.shape} instead of {wanted.shape}")
        error = np.max(np.abs(found.astype(np.float64) - wanted))
        scale = np.max(np.abs(wanted.astype(np.float64)))
        self._rows.append((what, wanted.size, float(error), float(scale)))

    def add_trees(self, what: str, found: Any, wanted: Any) -> None:
        """Compares two trees leaf by leaf; the worst leaf makes the row."""
        import jax

        if jax.tree.structure(found) != jax.tree.structure(wanted):
            raise UserError(f"{what}: the structure differs")
        one = _Rows()
        for (path, leaf), other in zip(
            jax.tree.leaves_with_path(found), jax.tree.leaves(wanted), strict=True
        ):
            one.add(jax.tree_util.keystr(path), leaf, other)
        size = sum(row[1] for row in one._rows)
        least = SMALL * max(row[3] for row in one._rows)
        rows = [(error, max(scale, least)) for *_, error, scale in one._rows]
        worst = max(rows, key=lambda row: row[0] / (row[1] or 1))
        self._rows.append((f"{what}, {len(one)} arrays", size, *worst))

    @property
    def failed(self) -> int:
        """How many comparisons exceed the tolerance, or are not numbers."""
        return sum(not self._good(row) for row in self._rows)

    @staticmethod
    def _good(row: tuple[str, int, float, float]) -> bool:
        return row[2] <= TOLERANCE * max(row[3], 1e-30)

    def print(self, target: Console) -> None:
        """Prints the table."""
        shown = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
        shown.add_column("compared", no_wrap=True)
        for title in ("values", "scale", "error", "allowed"):
            shown.add_column(title, justify="right")
        shown.add_column("")
        for row in self._rows:
            what, size, error, scale = row
            good = self._good(row)
            shown.add_row(
                what,
                str(size),
                f"{scale:.4g}",
                f"{error:.1e}",
                f"{TOLERANCE * scale:.1e}",
                "[green]agrees[/]" if good else "[bold red]DIFFERS[/]",
            )
        target.print(shown)
