"""No function of haiku_core shares lines in a row with dm-haiku's sources."""

import ast
import importlib.util
import pathlib

import haiku_core

_LIMIT = 6
_TRIVIAL = {"", "(", ")", "[", "]", "{", "}", "),", "],", "},", "else:", "try:", "pass"}


def _package_files(name):
    folder = pathlib.Path(importlib.util.find_spec(name).origin).parent
    return [f for f in folder.rglob("*.py") if not f.name.endswith("_test.py")]


def _bodies(file):
    """(name, non-trivial lines of its body) of each function and class.

    Docstrings count; heads of functions don't, since signatures are to be the same.
    """
    text = file.read_text()
    lines = [line.strip() for line in text.splitlines()]
    nodes = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    ]
    heads = {
        number
        for node in nodes
        for number in range(node.lineno - 1, node.body[0].lineno - 1)
    }
    for node in nodes:
        numbers = range(node.body[0].lineno - 1, node.end_lineno)
        body = (lines[number] for number in numbers if number not in heads)
        yield node.name, [line for line in body if line not in _TRIVIAL]


def _runs(lines):
    return {tuple(lines[i : i + _LIMIT]) for i in range(len(lines) - _LIMIT + 1)}


def test_no_run_of_lines_is_shared():
    theirs = set()
    for file in _package_files("haiku"):
        for _, lines in _bodies(file):
            theirs |= _runs(lines)
    assert len(theirs) > 5000
    shared = {
        f"{file.name}: {name}"
        for file in _package_files(haiku_core.__name__)
        for name, lines in _bodies(file)
        if not theirs.isdisjoint(_runs(lines))
    }
    assert not shared


def test_the_check_finds_copies(tmp_path):
    (file,) = (f for f in _package_files("haiku") if f.name == "moving_averages.py")
    copy = tmp_path / "copy.py"
    copy.write_text(file.read_text().replace("  ", "    "))
    runs = [set().union(*(_runs(b) for _, b in _bodies(f))) for f in (file, copy)]
    assert len(runs[0] & runs[1]) > 50
