"""Finding, reading and writing source files."""

import os

import pytest

from migrate import files
from migrate.errors import UserError


def paths_of(found):
    return sorted(f.relative for f in found if f.error is None)


def test_folder_is_searched_once_and_sorted(tmp_path):
    for name in ("b.py", "a.py", "sub/c.py", "sub/data.npz", "nb.ipynb"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    for name in (".git/x.py", "__pycache__/y.py", ".hidden.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    found = list(files.find([str(tmp_path), str(tmp_path / "a.py")]))
    assert [f.relative for f in found] == [
        "a.py",
        "b.py",
        "nb.ipynb",
        "sub/c.py",
        "sub/data.npz",
    ]
    assert [f.relative for f in found if f.is_source] == [
        "a.py",
        "b.py",
        "nb.ipynb",
        "sub/c.py",
    ]


def test_virtual_environments_are_left_out(tmp_path):
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    (tmp_path / "env" / "x.py").write_text("")
    assert list(files.find([str(tmp_path)])) == []


def test_loops_of_links_end(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.py").write_text("")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "self.py").symlink_to(tmp_path / "self.py")
    (tmp_path / "gone.py").symlink_to(tmp_path / "nothing")
    found = list(files.find([str(tmp_path)]))
    assert paths_of(found) == ["a/x.py"]
    errors = {f.relative: f.error for f in found if f.error}
    assert set(errors) == {"a/up", "self.py", "gone.py"}
    assert "contains it" in errors["a/up"]


def test_linked_folder_is_entered_once(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.py").write_text("")
    project = tmp_path / "project"
    project.mkdir()
    (project / "one").symlink_to(outside)
    (project / "two").symlink_to(outside)
    assert paths_of(files.find([str(project)])) == ["one/x.py"]


def test_missing_path_is_an_error(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        list(files.find([str(tmp_path / "nothing")]))


@pytest.mark.parametrize(
    "data, encoding",
    [
        (b"x = 1\r\ny = 2\n", "utf-8"),
        (b"\xef\xbb\xbfx = 1\n", "utf-8-sig"),
        ("# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"), "iso-8859-1"),
        (
            b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n\tx = '\x80'\n",
            "cp1252",
        ),
        (b"", "utf-8"),
    ],
)
def test_text_comes_back_byte_for_byte(data, encoding):
    text, found = files.decode(data)
    assert found == encoding
    assert files.encode(text, found) == data


@pytest.mark.parametrize(
    "data, message",
    [
        (b"import tensorflow\0\1", "binary"),
        (b"\n\nx = '\xff'\n", "line 3 is not in utf-8"),
        (b"# coding: nonsense\n", "nonsense"),
    ],
)
def test_what_is_no_text_is_said(data, message):
    with pytest.raises(files.FileError, match=message):
        files.decode(data)


def test_added_comments_fit_old_encodings():
    text = "# coding: latin-1\n# TODO: reason — do → this\nx = 'é'\n"
    data = files.encode(text, "latin-1")
    assert data == "# coding: latin-1\n# TODO: reason - do -> this\nx = 'é'\n".encode(
        "latin-1"
    )


def test_mentions():
    assert files.mentions(b"import sonnet as snt")
    assert files.mentions(b"from tensorflow.compat import v2")
    assert files.mentions(b"import tensorflow_probability as tfp")
    assert not files.mentions(b"import numpy; tensorflows = sonnets = trfle = 1")


def test_python_2_is_named():
    with pytest.raises(SyntaxError) as caught:
        compile("print 'x'", "f", "exec")
    assert "2to3" in files.syntax_message(caught.value)


@pytest.fixture
def package(tmp_path):
    inner = tmp_path / "src" / "top" / "inner"
    inner.mkdir(parents=True)
    for folder in (inner, inner.parent):
        (folder / "__init__.py").write_text("")
    (inner / "x.py").write_text("")
    return tmp_path / "src"


def test_home_is_the_outermost_package(package):
    path = str(package / "top" / "inner" / "x.py")
    assert files.home(path) == ("top", str(package / "top"))


def test_home_stays_within_what_is_copied(package):
    path = str(package / "top" / "inner" / "x.py")
    inner = str(package / "top" / "inner")
    assert files.home(path, within=inner) == ("top.inner", inner)


def test_home_of_a_script_is_its_folder(tmp_path):
    assert files.home(str(tmp_path / "x.py")) == (None, str(tmp_path))


def test_home_by_choice(package):
    path = str(package / "top" / "inner" / "x.py")
    wanted = ("top.jaxed", os.path.join(str(package), "top", "jaxed"))
    assert files.home(path, vendor="top.jaxed") == wanted
