"""Writing out the functions of `_tf_ops.py`, with what they lean on."""

from __future__ import annotations

import ast
import builtins
import re
import sys

from compat import dictionary
from compat.dictionary import Dtype, Entry, Shape, Static, T, Ts
from migrate.rewrite import signatures, support
from migrate.rewrite.narrowing import NARROWED
from migrate.rewrite.our_sources import File, bound_inside, first_line, meant

_IMPORTS = {
    "jax": "import jax",
    "jnp": "import jax.numpy as jnp",
    "lax": "from jax import lax",
    "np": "import numpy as np",
}
_THEIRS = {
    "import haiku_core as hk": "import haiku as hk",
    "import rlax_core as rlax": "import rlax",
}
# For compat's tensors beside arrays; of arrays alone, the function that they are given.
_BARE = frozenset(
    f"from compat.trfl._src.lifting import {name}" for name in ("lifted", "ops")
)
_NEST = "from compat.runtime import nest"


def function_name(entry: Entry) -> str:
    """The name of an op's function in `_tf_ops`.

    `reduce_mean` of `tf.reduce_mean`, `image_transpose` of `tf.image.transpose`,
    `trfl_qlearning` of `trfl.qlearning`, `tensor_add` of the method `Tensor.__add__`,
    `range_` of `tf.range`: other bodies in the file mean Python's own `range`.
    """
    parts = [part.strip("_").lower() for part in entry.name.split(".")]
    if parts[0] == "tf":
        parts = parts[2:] if parts[1] in ("math", "nn") else parts[1:]
    name = "_".join(parts)
    return f"{name}_" if hasattr(builtins, name) else name


class CantWriteOut(Exception):
    """A body leans on something that a user's tree does not have."""


class Writer:
    """Collects the pieces of one generated file."""

    def __init__(self, wanted: set[str], haiku: str):
        self._haiku = haiku
        self._imports: set[str] = set()
        # (module, name there) → ((section, module, line, is constant, name), text)
        self._pieces: dict[tuple[str, str], tuple[tuple, str]] = {}
        self._names: dict[str, str] = {}  # name in the file → module it comes from
        self._entries = {e.fn: e for e in map(dictionary.find, wanted)}
        for entry in sorted(self._entries.values(), key=function_name):
            self.entry(entry)

    def text(self) -> str:
        imports = sorted(self._imports, key=_import_order)
        parts = []
        for group in (0, 1):
            lines = [i for i in imports if _import_order(i)[0] == group]
            if lines:
                parts.append("\n".join(lines) + "\n")
        out = ["\n".join(parts)]
        before = None
        for (*_, constant, _), text in sorted(self._pieces.values()):
            gap = "\n" if constant and before in (None, True) else "\n\n"
            out.append((gap if before is not True or not constant else "") + text)
            before = constant
        return "".join(out)

    # ------------------------------------------------------------------------ pieces
    def entry(self, entry: Entry) -> str:
        """Adds an op's function; its name."""
        file = File.of(sys.modules[entry.fn.__module__])
        node = file.defined.get(entry.fn.__name__)
        if not isinstance(node, ast.FunctionDef):
            raise CantWriteOut(f"{entry.name}: its body is no function of its file")
        name = function_name(entry)
        key = (file.module.__name__, entry.fn.__name__)
        if key in self._pieces:
            return name
        self._take(name, file)
        self._pieces[key] = ((2, "", 0, False, name), "")  # in case it calls itself
        renames = self._lean(file, node, entry.fn.__name__)
        renames.pop(entry.fn.__name__, None)
        intake = self._intake(entry)
        text = self._function(
            file, node, name, signatures.parameters(entry, node), intake, renames
        )
        self._pieces[key] = ((2, "", 0, False, name), text)
        return name

    def plain(self, file: File, name: str) -> str:
        """Adds a plain function or constant of a file; its name."""
        node = file.defined[name]
        entry = getattr(file.module, name, None)
        if isinstance(entry, Entry):
            return self.entry(entry)
        key = (file.module.__name__, name)
        if key in self._pieces:
            return self._pieces[key][0][4]
        new = name
        if self._names.get(name, file.module.__name__) != file.module.__name__:
            new = f"{name}_{file.short}"
        self._take(new, file)
        is_constant = not isinstance(node, ast.FunctionDef | ast.ClassDef)
        order = (
            0 if file.module is support else 1,
            file.module.__name__,
            node.lineno,
            is_constant,
            new,
        )
        self._pieces[key] = (order, "")
        renames = self._lean(file, node, name)
        renames[name] = new
        if isinstance(node, ast.FunctionDef):
            parameters = signatures.unannotated(node.args)
            text = self._function(file, node, new, parameters, [], renames)
        else:
            text = self._source(file, node, first_line(node), renames)
        self._pieces[key] = (order, text)
        return new

    def _take(self, name: str, file: File) -> None:
        other = self._names.setdefault(name, file.module.__name__)
        if other != file.module.__name__:
            raise CantWriteOut(f"two files define {name}: {other}, {file.short}")

    def _lean(self, file: File, node: ast.stmt, own: str) -> dict[str, str]:
        """Adds what a definition uses; how the names it uses are called here."""
        renames: dict[str, str] = {}
        local = bound_inside(node)
        for part in meant(node, isinstance(getattr(file.module, own, None), Entry)):
            for name in ast.walk(part):
                if not isinstance(name, ast.Name) or name.id in local:
                    continue
                if name.id in file.defined and name.id != own:
                    renames[name.id] = self.plain(file, name.id)
                elif file.imports.get(name.id) in _BARE:
                    continue
                elif file.imports.get(name.id) == _NEST:
                    self._support("_flatten")
                elif name.id in file.imports:
                    new = self._import(file, name.id)
                    if new is not None:
                        renames[name.id] = new
        return renames

    def _import(self, file: File, name: str) -> str | None:
        """Adds an import; of a piece of ours the piece itself, whose name it gives."""
        line = _IMPORTS.get(name, file.imports[name])
        ours = re.match(r"from (compat\.\w+\._src\.\w+) import (\w+)", line)
        if ours:
            return self.plain(File.of(sys.modules[ours[1]]), ours[2])
        if re.match(r"(from|import) (compat|migrate)\b", line):
            raise CantWriteOut(f"{file.module.__name__} leans on {line!r}")
        if self._haiku == "haiku":
            line = _THEIRS.get(line, line)
        self._imports.add(line)
        return None

    # -------------------------------------------------------------------------- text
    def _function(
        self,
        file: File,
        node: ast.FunctionDef,
        name: str,
        parameters: ast.arguments,
        intake: list[str],
        renames: dict[str, str],
    ) -> str:
        decorators = ""
        if not isinstance(getattr(file.module, node.name, None), Entry):
            for decorator in node.decorator_list:
                if not _is_bare(file, decorator):
                    decorators += f"@{ast.unparse(decorator)}\n"
        body = node.body
        text = decorators + signatures.signature(name, parameters)
        if ast.get_docstring(node, clean=False) is not None:
            text += self._source(file, body[0], body[0].lineno, {})
            body = body[1:]
        text += "".join(f"    {line}\n" for line in intake)
        if body:
            if intake and isinstance(body[0], ast.FunctionDef):
                text += "\n"
            last = ast.Module(body, [])
            last.end_lineno = node.end_lineno
            text += self._source(file, last, first_line(body[0]), renames)
        return text

    def _source(
        self, file: File, node: ast.AST, first: int, renames: dict[str, str]
    ) -> str:
        """The lines of a node, names changed and dtypes narrowed."""
        edits = []
        for part in ast.walk(node):
            if isinstance(part, ast.Call) and _is_bare(file, part.func):
                name = part.func
                edits.append((name.lineno, name.col_offset, f"{name.id}(", ""))
                edits.append((part.end_lineno, part.end_col_offset - 1, ")", ""))
            elif _is_nest(file, part):
                edits.append((part.lineno, part.col_offset, "nest.flatten", "_flatten"))
            elif (
                isinstance(part, ast.Name) and renames.get(part.id, part.id) != part.id
            ):
                edits.append((part.lineno, part.col_offset, part.id, renames[part.id]))
            elif (
                isinstance(part, ast.Attribute)
                and part.attr in NARROWED
                and isinstance(part.value, ast.Name)
                and part.value.id == "jnp"
            ):
                start = part.end_col_offset - len(part.attr)
                new = NARROWED[part.attr]
                edits.append((part.end_lineno, start, part.attr, new))
        lines = list(file.lines[first - 1 : node.end_lineno])
        for line, column, old, new in sorted(edits, reverse=True):
            at = line - first
            text = lines[at]
            lines[at] = text[:column] + new.encode() + text[column + len(old) :]
        return b"".join(lines).decode()

    def _intake(self, entry: Entry) -> list[str]:
        """Lines that turn the arguments of a legacy call into what the body expects."""
        lines = []
        alike = [
            name
            for name in entry.same
            if entry.kinds.get(name) is T and _is_single(entry, name)
        ]
        if len(alike) > 1:
            listed = ", ".join(alike)
            lines.append(f"{listed} = {self._support('_alike')}({listed})")
        else:
            alike = []
        for name, kind in entry.kinds.items():
            function = _TAKES.get(kind)
            default = entry.signature.parameters[name].default
            if function is None or name in alike:
                continue
            if kind is Static and isinstance(default, bool | str):
                continue
            if kind is T and not _is_single(entry, name):
                lines.append(f"{name} = [{self._support('_array')}(v) for v in {name}]")
                continue
            lines.append(f"{name} = {self._support(function)}({name})")
        return lines

    def _support(self, name: str) -> str:
        return self.plain(File.of(support), name)


_TAKES = {
    T: "_array",
    Ts: "_arrays",
    Static: "_static",
    Shape: "_shape",
    Dtype: "_dtype",
}


def _is_bare(file: File, node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and file.imports.get(node.id) in _BARE


def _is_nest(file: File, node: ast.AST) -> bool:
    """Whether an expression is `nest.flatten`, for which `_flatten` stands in."""
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "flatten"
        and isinstance(node.value, ast.Name)
        and file.imports.get(node.value.id) == _NEST
    )


def _is_single(entry: Entry, name: str) -> bool:
    kind = entry.signature.parameters[name].kind
    return kind not in (kind.VAR_POSITIONAL, kind.VAR_KEYWORD)


def _import_order(line: str) -> tuple[int, bool, str]:
    top = re.split(r"[ .]", line)[1]
    group = 0 if top in sys.stdlib_module_names else 1
    return group, line.startswith("from"), line
