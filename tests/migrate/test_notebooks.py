"""Notebooks: code cells as one source text, and back."""

import json

import pytest

from migrate.files import FileError
from migrate.notebooks import Notebook

nbformat = pytest.importorskip("nbformat")


def notebook(*sources, indent=1):
    nb = nbformat.v4.new_notebook()
    nb.cells = [nbformat.v4.new_markdown_cell("Words about tf.reduce_mean.")]
    nb.cells += [nbformat.v4.new_code_cell(s) for s in sources]
    return (json.dumps(nb, indent=indent, ensure_ascii=False) + "\n").encode()


CELLS = (
    "%matplotlib inline\nimport tensorflow as tf",
    "!pip install x \\\n  y\nfiles = !ls\nfor i in range(3):\n    %time f(i)\ntf.abs?",
    "%%bash\necho tf.reduce_mean(x)",
    "%%time\ny = tf.reduce_mean(x)",
    "text = '''\n%not magic\n'''\nz = tf.reduce_mean(y\n  % 3)",
    "",
)


def test_unchanged_notebook_comes_back_byte_for_byte():
    for indent in (1, 2, None):
        data = notebook(*CELLS, indent=indent)
        read = Notebook(data)
        if indent is not None:
            assert read.write(read.text) == data
        assert json.loads(read.write(read.text)) == json.loads(data)


def test_cells_parse_and_change_together():
    data = notebook(*CELLS)
    read = Notebook(data)
    compile(read.text, "notebook", "exec")
    written = read.write(read.text.replace("tf.reduce_mean", "jnp.mean"))
    nb = nbformat.reads(written.decode(), as_version=4)
    nbformat.validate(nb)
    code = [c.source for c in nb.cells if c.cell_type == "code"]
    assert code[:3] == list(CELLS[:3])
    assert code[3] == "%%time\ny = jnp.mean(x)"
    assert code[4] == "text = '''\n%not magic\n'''\nz = jnp.mean(y\n  % 3)"
    assert nb.cells[0].source == "Words about tf.reduce_mean."


def test_places_are_told_by_cell():
    read = Notebook(notebook("x = 1\ny = 2", "z = 3"))
    lines = read.text.split("\n")
    assert read.place(lines.index("y = 2") + 1) == (1, 2)
    assert read.place(lines.index("z = 3") + 1) == (2, 1)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b'{"cells": [1]}'])
def test_no_notebook(data):
    with pytest.raises(FileError, match="not a notebook"):
        Notebook(data)


def test_broken_cell_is_named():
    with pytest.raises(FileError, match="cell 2, line 1"):
        Notebook(notebook("x = 1", "x = = 2"))


def test_lost_cells_are_an_error():
    read = Notebook(notebook("x = 1", "y = 2"))
    with pytest.raises(FileError, match="lost track"):
        read.write("x = 1\n")
