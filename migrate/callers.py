"""Code outside of what was given that an edit breaks: found and reported, not changed.

Someone rewrites one folder of a project; the rest of it still makes the classes and
calls the functions of that folder as they were.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Iterator

from migrate import files, results
from migrate.analysis.project import Project, View, dotted, module_name
from migrate.results import FileResult, Finding, SourceResult

CODE = "S2H907"
_WHY = {
    "module": (
        "{name} is a Haiku module now, which is made inside a transform only",
        "rewrite this file too, or make it with objects.network(lambda: {name}(…))",
    ),
    None: (
        "{name} takes and returns JAX's arrays and Haiku's objects now",
        "rewrite this file too",
    ),
}


def find(changed: Iterable[FileResult], given: Iterable[str]) -> list[FileResult]:
    """The files that use what changed and were not given, each with its findings.

    They are looked for below the root of the git repository around each changed file;
    where there is none, in the outermost package around it, or else beside it.

    Args:
      changed: results of the rewrite.
      given: the paths of all files that were gone through.
    """
    texts = {
        f.path: (f.before, f.result.text) for f in changed if f.path.endswith(".py")
    }
    seen = {os.path.realpath(path) for path in given}
    outside = [p for p in _around(texts) if os.path.realpath(p) not in seen]
    if not outside:
        return []
    # As the files were before: they may be written already.
    project = Project()
    wanted: dict[int, set[str]] = {}
    words = set()
    for path, (before, after) in texts.items():
        summary = project.summary(path, before.encode())
        project.enter(path, summary)
        wanted[id(summary)] = _changed(before, after)
        words |= {module_name(path).rpartition(".")[2], *wanted[id(summary)]}
    named = re.compile(rb"\b(?:%s)\b" % "|".join(sorted(words)).encode())
    candidates = []
    for path in outside:
        try:
            raw = files.read(path)
            if b"import" in raw and named.search(raw):
                summary = project.summary(path, raw)
                project.enter(path, summary)
                candidates.append((path, files.decode(raw)[0], summary))
        except (files.FileError, SyntaxError, ValueError, RecursionError):
            continue
    found = []
    for path, text, summary in candidates:
        findings = sorted(_uses(project.seen_from(path), text, summary.names, wanted))
        if findings:
            found.append(FileResult(path, text, SourceResult(text, findings)))
    return found


def _around(paths: Iterable[str]) -> Iterator[str]:
    """The Python files of the projects around some files, each once."""
    roots, folders = set(), set()
    for path in paths:
        own = os.path.dirname(os.path.abspath(path))
        root = _repository(own)
        if root is None and os.path.exists(os.path.join(own, "__init__.py")):
            root = files.home(path)[1]
        if root is None:
            folders.add(own)
        else:
            roots.add(root)
    found = dict.fromkeys(f.path for f in files.find(sorted(roots)) if not f.error)
    for folder in sorted(folders):
        found.update((os.path.join(folder, name), None) for name in os.listdir(folder))
    for path in found:
        if path.endswith(".py"):
            yield os.path.relpath(path) if path.startswith(os.getcwd()) else path


def _repository(folder: str) -> str | None:
    while not os.path.exists(os.path.join(folder, ".git")):
        folder, last = os.path.dirname(folder), folder
        if folder == last:
            return None
    return folder


def _changed(before: str, after: str) -> set[str]:
    """The names at the top level of a file that mean something else after the edit."""
    old, new = _definitions(before), _definitions(after)
    return {name for name, dump in old.items() if new.get(name) != dump}


def _definitions(text: str) -> dict[str, str]:
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found[node.name] = ast.dump(node)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found[target.id] = ast.dump(node.value)
    return found


def _uses(
    view: View, text: str, names: dict[str, str], wanted: dict[int, set[str]]
) -> Iterator[Finding]:
    """The places in a text that use one of the definitions that changed."""
    lines = set()
    stack: list[ast.AST] = [ast.parse(text)]
    while stack:
        node = stack.pop()
        name = dotted(node) if isinstance(node, ast.Name | ast.Attribute) else None
        first, _, rest = (name or "").partition(".")
        if first not in names:
            stack.extend(ast.iter_child_nodes(node))
            continue
        full = names[first] + ("." + rest if rest else "")
        # Of `nets.Net.default` the part that is defined somewhere.
        while full:
            origin = view.origin(full)
            if origin is not None and origin[1] in wanted.get(id(origin[0]), ()):
                place = (node.lineno, origin[1])
                if place not in lines:
                    lines.add(place)
                    yield _finding(node, origin[1], view.sort_of(full))
                break
            full = full.rpartition(".")[0]


def _finding(node: ast.AST, name: str, sort: str | None) -> Finding:
    message, advice = _WHY.get(sort, _WHY[None])
    return Finding(
        node.lineno,
        node.col_offset,
        CODE,
        results.MANUAL,
        name,
        message.format(name=name),
        advice.format(name=name),
        applied=False,
    )
