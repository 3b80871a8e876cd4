"""Pairs of sources before and after, for each rule: the text is what a reader expects.

`python -m tests.migrate.test_before_after` writes what the rewriter makes now; read the
difference before you commit it.
"""

import pathlib

import pytest

from migrate import rewrite_source

PAIRS = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "before_after"
FOLDERS = sorted(p for p in PAIRS.iterdir() if p.is_dir())


@pytest.mark.parametrize("folder", FOLDERS, ids=[f.name for f in FOLDERS])
def test_pair(folder):
    before = (folder / "before.py").read_text(encoding="utf-8")
    after = (folder / "after.py").read_text(encoding="utf-8")
    result = rewrite_source(before, path="before.py")
    assert result.text == after
    assert folder.name.partition("_")[0] in {f.code for f in result.findings}
    assert rewrite_source(after, path="after.py").text == after


if __name__ == "__main__":
    for folder in FOLDERS:
        source = (folder / "before.py").read_text(encoding="utf-8")
        text = rewrite_source(source, path="before.py").text
        (folder / "after.py").write_text(text, encoding="utf-8")
