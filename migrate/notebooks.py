"""Notebooks: their code cells as one source text, and back.

The cells of a notebook share their names, so they are rewritten as one module. Lines
that are IPython's (`%magic`, `!command`, `name?`) stand in it as harmless calls, and
come back word for word. All else in the file stays as it is.
"""

from __future__ import annotations

import ast
import json
import re
from typing import Any

from migrate.files import FileError, syntax_message

_MARK = "# %% sonnet2haiku cell "
_MARK_LINE = re.compile(rf"^{_MARK}(\d+)$", re.MULTILINE)
_MAGIC = re.compile(r"^(\s*)((?:[%!].*|\??[A-Za-z_][\w.]*\?{1,2}|\?{1,2}[\w.]+)\s*)$")
_ASSIGNED = re.compile(r"^(\s*[A-Za-z_][\w, ]*=\s*)([%!].*)$")
_STAND_IN = re.compile(r"__ipython_line__\((\d+)\)")
_PYTHON_CELLS = ("%%time", "%%timeit", "%%capture", "%%prun")


class Notebook:
    """One notebook.

    Attributes:
      text: its code cells, each under a comment with its number (1, 2, …).

    Raises:
      FileError: it is no notebook, or a code cell is no Python.
    """

    def __init__(self, data: bytes):
        try:
            self._raw = data.decode("utf-8")
            self._content = json.loads(self._raw)
            cells = self._content["cells"]
            self._cells = [c for c in cells if c["cell_type"] == "code"]
        except (ValueError, KeyError, TypeError) as error:
            raise FileError("not a notebook of format 4 (JSON with cells)") from error
        self._magics: list[str] = []
        parts = []
        for number, cell in enumerate(self._cells, 1):
            source = _source(cell)
            parts.append(f"{_MARK}{number}\n{self._plain(source, number)}\n")
        self.text = "".join(parts)

    def _plain(self, source: str, number: int) -> str:
        """The cell with IPython's lines replaced, so that it parses."""
        lines = source.split("\n")
        first = next((line for line in lines if line.strip()), "")
        if first.startswith("%%") and not first.startswith(_PYTHON_CELLS):
            return self._stand_in(source)  # another language: the whole cell
        done: list[str] = []
        if _parses(source):
            return source
        while lines:
            line = lines.pop(0)
            magic, assigned = _MAGIC.match(line), _ASSIGNED.match(line)
            if (magic or assigned) and _complete("\n".join(done)):
                while line.endswith("\\") and lines:
                    line += "\n" + lines.pop(0)
                head = (magic or assigned)[1]
                line = head + self._stand_in(line[len(head) :])
            done.append(line)
        plain = "\n".join(done)
        try:
            ast.parse(plain)
        except SyntaxError as error:
            raise FileError(f"cell {number}, {syntax_message(error)}") from error
        return plain

    def _stand_in(self, text: str) -> str:
        self._magics.append(text)
        return f"__ipython_line__({len(self._magics) - 1})"

    def _cells_of(self, text: str) -> list[str]:
        parts = _MARK_LINE.split(text)
        head, numbers, sources = parts[0], parts[1::2], parts[2::2]
        if [int(n) for n in numbers] != list(range(1, len(self._cells) + 1)):
            raise FileError("the rewrite lost track of the cells; left as it is")
        out = [
            source[1:-1] if source[-1:] == "\n" else source[1:] for source in sources
        ]
        if head and out:
            out[0] = head + out[0]
        return [
            _STAND_IN.sub(lambda m: self._magics[int(m[1])], source) for source in out
        ]

    def shown(self, text: str) -> str:
        """A text made from `text`, with IPython's lines back, to be shown."""
        return _STAND_IN.sub(lambda m: self._magics[int(m[1])], text)

    def place(self, line: int) -> tuple[int, int]:
        """The number of the cell, and the line in it, of a line of `text`."""
        above = self.text.split("\n")[:line]
        marks = [i for i, t in enumerate(above) if _MARK_LINE.fullmatch(t)]
        if not marks:
            return 1, line
        return len(marks), line - marks[-1] - 1

    def write(self, text: str) -> bytes:
        """The notebook with its code cells taken from a text made from `text`.

        Raises:
          FileError: the text has other cells.
        """
        for cell, source in zip(self._cells, self._cells_of(text), strict=True):
            if source != _source(cell):
                listed = isinstance(cell["source"], list)
                cell["source"] = source.splitlines(keepends=True) if listed else source
        return self._dump().encode("utf-8")

    def _dump(self) -> str:
        """JSON as the file lays it out: its indent, its escapes, its last line end."""
        match = re.match(r"\{\r?\n([ \t]+)\"", self._raw)
        indent: Any = match[1] if match else None
        text = json.dumps(self._content, indent=indent, ensure_ascii="\\u" in self._raw)
        end = self._raw[len(self._raw.rstrip()) :]
        return text + end


def _source(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return "".join(source) if isinstance(source, list) else source


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def _complete(text: str) -> bool:
    """Whether a new statement may begin after the text."""
    if _parses(text):
        return True
    ending = text.rstrip("\n")
    indent = re.search(r"(?:^|\n)([ \t]*)[^\n]*$", ending)[1]
    return _parses(f"{ending}\n{indent}    pass") or _parses(f"{ending}\n{indent}pass")
