"""Every public name of Sonnet's has a record, and every spelling can be written."""

import ast
import csv
import inspect
import pathlib
import re

import pytest

import compat.sonnet
import haiku_core as hk
from compat import dictionary
from compat.dictionary import expressions

NAMES = pathlib.Path(__file__).with_name("public_names.tsv")
OUTCOMES = ("op", "module", "value", "structural", "manual")


def public_names():
    with NAMES.open(encoding="utf-8") as f:
        return list(csv.DictReader(f, delimiter="\t"))


def sonnet_entries():
    return [e for e in dictionary.entries() if e.name.startswith("snt.")]


def spellings():
    return [(e, s) for e in sonnet_entries() for s in e.spellings]


def spelling_id(case):
    entry, spelling = case
    return f"{entry.name}-{spelling.guard or 'always'}"


@pytest.mark.parametrize("row", public_names(), ids=lambda row: row["name"])
def test_public_name_has_one_outcome(row):
    entry = dictionary.find(row["name"])
    assert entry is not None
    assert row["name"] in entry.names, f"found by {entry.name} only"
    assert entry.outcome in OUTCOMES
    said = {
        "op": bool(entry.ways()),
        "module": bool(entry.spellings),
        "value": bool(entry.spelling),
        "structural": bool(entry.rule),
        "manual": bool(entry.because and entry.instead),
    }
    # An op without a spelling is written out as a helper.
    assert said[entry.outcome] or (entry.outcome == "op" and entry.helper)


@pytest.mark.parametrize("row", public_names(), ids=lambda row: row["name"])
def test_public_name_is_there(row):
    thing = compat.sonnet
    for part in row["name"].split(".")[1:]:
        thing = getattr(thing, part)
    assert inspect.isclass(thing) == (row["kind"] == "class")


def test_nothing_else_is_public():
    names = {row["name"] for row in public_names()}
    spaces = {name.rpartition(".")[0] for name in names}
    for space in spaces:
        thing = compat.sonnet
        for part in space.split(".")[1:]:
            thing = getattr(thing, part)
        shown = {f"{space}.{n}" for n in thing.__all__}
        extra = {n for n in shown - names if n not in spaces}
        # The networks are offered once more beside their blocks.
        assert extra <= {"snt.nets.resnet.ResNet", "snt.nets.resnet.ResNet50"}


def parameters_of(text):
    """(name, default or None) of each parameter of a signature as it is printed."""
    text = re.sub(r"<[^<>]*(<[^<>]*>)?[^<>]*>", "...", text)
    text = re.sub(r"\*?\*(args|kwargs)", r"\1=''", text)
    args = ast.parse(f"def f{text}: pass").body[0].args.args
    given = ast.parse(f"def f{text}: pass").body[0].args.defaults
    defaults = [None] * (len(args) - len(given)) + [ast.unparse(d) for d in given]
    found = zip([a.arg for a in args], defaults, strict=True)
    return [(n, None if d == "''" else d) for n, d in found]


@pytest.mark.parametrize(
    "row",
    [r for r in public_names() if dictionary.find(r["name"]).signature],
    ids=lambda row: row["name"],
)
def test_signature_is_sonnets(row):
    wanted = parameters_of(row["signature"])
    ours = dictionary.find(row["name"]).signature.parameters.values()
    if [n for n, _ in wanted] in (["args", "kwargs"], []):
        return  # Sonnet itself doesn't say
    assert [p.name for p in ours] == [n for n, _ in wanted]
    for parameter, (_, default) in zip(ours, wanted, strict=True):
        assert (parameter.default is parameter.empty) == (default is None)
        if default not in (None, "..."):
            assert repr(parameter.default) == default


def calls_in(expression):
    return [n for n in ast.walk(expression) if isinstance(n, ast.Call)]


@pytest.mark.parametrize("case", spellings(), ids=spelling_id)
def test_spelling_can_be_written(case):
    entry, spelling = case
    expression = expressions.returned(spelling.fn)
    assert expression is not None, "not one returned expression"
    assert expressions.free_names(spelling.fn) <= expressions.MODULES
    for call in calls_in(expression):
        target = eval(  # a dotted name such as hk.Linear
            ast.unparse(call.func), spelling.fn.__globals__
        )
        names = {k.arg: k.arg for k in call.keywords}
        inspect.signature(target).bind(*call.args, **names)


@pytest.mark.parametrize("case", spellings(), ids=spelling_id)
def test_spelling_has_the_records_defaults(case):
    entry, spelling = case
    for name, parameter in inspect.signature(spelling.fn).parameters.items():
        ours = entry.signature.parameters[name].default
        if parameter.default is parameter.empty or ours is parameter.empty:
            assert ours is parameter.empty or name == "layers"
        elif name in ("dtype", "activation"):  # TensorFlow's there, JAX's here
            assert ours is not None
        elif name != "name":
            assert parameter.default == ours, name


@pytest.mark.parametrize(
    "entry",
    [e for e in sonnet_entries() if e.spelling and e.spelling.startswith("hk.")],
    ids=lambda e: e.name,
)
def test_value_spelling_exists(entry):
    assert eval(entry.spelling, {"hk": hk}) is not None
