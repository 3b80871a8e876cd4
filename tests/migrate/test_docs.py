"""The generated pages say what the code says."""

import importlib.util
import pathlib
import re

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"


def load():
    spec = importlib.util.spec_from_file_location("make_docs", DOCS / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pages_are_fresh():
    for name, page in load().PAGES.items():
        assert (DOCS / name).read_text(encoding="utf-8") == page(), "make docs"


def test_every_code_in_the_sources_is_in_the_table():
    from migrate.rules.codes import CODES

    used = set()
    for path in (DOCS.parent / "migrate").rglob("*.py"):
        if path.name != "codes.py":
            used |= set(re.findall(r'"(S2H\d+)"', path.read_text(encoding="utf-8")))
    assert used == set(CODES)
