"""What is turned of well-known code never gets less; what numpy has is not touched."""

import hashlib
import pathlib

import numpy
import pytest

from migrate import api
from tests.corpus import measure

GROUPS = list(measure.chosen(everything=False))


@pytest.mark.parametrize("group", GROUPS, ids=[g.name for g in GROUPS])
def test_floor(group):
    total = measure.Total.of(measure.measure(group))
    assert not measure.below(total, measure.read_floors()[group.name]), total


def test_bars():
    """What was promised; the floors may lie above."""
    floors = measure.read_floors()
    for name in ("bsuite agents", "acme networks"):
        assert floors[name]["percent"] >= 80
        assert floors[name]["unmarked"] == 0
        assert floors[name]["compile"] == floors[name]["idempotent"]
        assert floors[name]["compile"] == floors[name]["files"]


def test_numpy_is_not_parsed(monkeypatch):
    """Thousands of files without a mention: none is parsed, all stay as they are."""
    import ast

    import libcst

    folder = pathlib.Path(numpy.__file__).parent
    sources = sorted(folder.rglob("*.py"))
    assert len(sources) > 300

    def digest():
        return {f: hashlib.sha256(f.read_bytes()).hexdigest() for f in sources}

    before = digest()
    parsed = []
    monkeypatch.setattr(libcst, "parse_module", lambda *a, **k: parsed.append(a))
    monkeypatch.setattr(ast, "parse", lambda *a, **k: parsed.append(a))
    run = api.rewrite_paths([folder], jobs=1)
    monkeypatch.undo()
    assert parsed == []
    assert len(run.files) >= len(sources)
    assert not run.changed and not run.errors
    assert all(f.result is None for f in run.files)
    assert digest() == before
