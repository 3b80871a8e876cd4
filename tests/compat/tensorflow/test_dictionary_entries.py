"""The dictionary as a whole: complete, well formed, its documentation fresh."""

import ast
import builtins
import csv
import inspect
import pathlib
import textwrap

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import compat.tensorflow._src  # noqa: F401  (fills the dictionary)
import haiku_core as hk
from compat import dictionary as d
from compat.dictionary import docs, expressions, guards

HERE = pathlib.Path(__file__).parent


def ours():
    prefixes = (
        "tf.",
        "Tensor.",
        "Variable.",
        "TensorShape.",
        "DType.",
        "GradientTape.",
    )
    return [e for e in d.entries() if e.name.startswith(prefixes)]


def spelled():
    return [(e, s) for e in ours() for s in e.spellings]


def test_every_name_in_use_has_an_outcome():
    with (HERE / "data" / "tf_names.tsv").open() as lines:
        names = [row["symbol"] for row in csv.DictReader(lines, delimiter="\t")]
    assert len(names) > 400
    missing = [n for n in names if d.find(n) is None]
    assert not missing


def test_the_catch_all_is_for_rare_names_only():
    """A name met in programs has a reason of its own, or of its family."""
    with (HERE / "data" / "tf_names.tsv").open() as lines:
        names = [row["symbol"] for row in csv.DictReader(lines, delimiter="\t")]
    assert not [n for n in names if d.find(n).name == "tf.*"]


@pytest.mark.parametrize("entry", ours(), ids=lambda e: e.name)
def test_entry_is_well_formed(entry):
    if entry.outcome == "op":
        assert entry.fn.__doc__, "a body says what it computes"
        assert entry.signature is not None
    if entry.outcome == "value":
        assert ast.parse(entry.spelling, mode="eval")
    if entry.outcome == "structural":
        assert entry.rule
    if entry.outcome in ("stays", "manual"):
        assert entry.because and entry.instead
    for name in entry.same:
        assert name in entry.kinds


@pytest.mark.parametrize(
    ("entry", "spelling"), spelled(), ids=lambda v: getattr(v, "name", "")
)
def test_spelling_is_one_expression(entry, spelling):
    assert expressions.returned(spelling.fn) is not None
    assert expressions.free_names(spelling.fn) <= expressions.MODULES
    guards.parse(spelling.guard)
    parameters = inspect.signature(spelling.fn).parameters
    assert set(parameters) <= set(entry.kinds)


@pytest.mark.parametrize(
    "entry",
    [e for e in ours() if e.outcome == "op" and e.helper and not e.ways()],
    ids=lambda e: e.name,
)
def test_body_can_be_written_out(entry):
    """What a helper names: plain functions of its module, and the usual aliases."""
    seen, waiting = set(), [entry.fn]
    while waiting:
        fn = waiting.pop()
        seen.add(fn)
        for name in foreign_names(fn):
            value = fn.__globals__[name]
            if inspect.isfunction(value) and value.__module__ == fn.__module__:
                waiting += [value] if value not in seen else []
                continue
            constant = isinstance(value, str | int | float | tuple | dict)
            aliases = {*expressions.MODULES, "functools", "operator"}
            assert constant or name in aliases, f"{entry.name} uses {name}"


def foreign_names(fn):
    """Global names that the body of a function reads."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(fn))).body[0]
    tree.decorator_list, tree.returns = [], None
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.FunctionDef):
            node.args.defaults = []
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.Name)]
    own = {a.arg for a in ast.walk(tree) if isinstance(a, ast.arg)}
    own |= {n.id for n in nodes if isinstance(n.ctx, ast.Store)}
    own |= {f.name for f in ast.walk(tree) if isinstance(f, ast.FunctionDef)}
    return {n.id for n in nodes} - own - set(dir(builtins)) | shadows(fn, nodes, own)


def shadows(fn, nodes, own):
    """Builtin names that the module gives another meaning."""
    return {
        n.id for n in nodes if n.id in dir(builtins) and n.id in fn.__globals__
    } - own


VALUES = [e for e in ours() if e.outcome == "value"]


@pytest.mark.parametrize("entry", VALUES, ids=lambda e: e.name)
def test_value_can_be_evaluated(entry):
    space = {"jax": jax, "jnp": jnp, "np": np, "hk": hk}
    found = eval(entry.spelling, space)
    if entry.returns == d.DTYPE and not entry.name.startswith("tf.experimental"):
        name = entry.name.rpartition(".")[2].removesuffix("_")
        wide = {"float64": "float32", "int64": "int32", "uint64": "uint32"}
        wide["complex128"] = "complex64"
        assert jnp.dtype(found).name == wide.get(name, name)


@pytest.mark.parametrize("name", docs.PAGES)
def test_documentation_is_fresh(name):
    assert (docs.DOCS / name).read_text(encoding="utf-8") == docs.page(name), (
        f"docs/{name} is stale: run `make docs`"
    )
