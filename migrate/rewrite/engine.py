"""The one pass over a file: expressions by the dictionary, patterns by the rules."""

from __future__ import annotations

import libcst as cst

from migrate.analysis import trees
from migrate.analysis.imports import LEGACY, canonical
from migrate.analysis.project import Project, View, summarize
from migrate.results import Options, SourceResult
from migrate.rewrite import imports_edit
from migrate.rewrite.statements import Statements
from migrate.rules import compiled, pipelines


def rewrite_source(
    text: str,
    *,
    path: str = "<string>",
    options: Options = Options(),  # noqa: B008
    project: Project | None = None,
    module_name: str = "",
) -> SourceResult:
    """Rewrites one source text.

    Args:
      text: Python 3 source.
      path: for messages only.
      options: see `Options`.
      project: the files that are migrated with it; None for this text alone.
      module_name: the dotted name the file is imported as, for relative imports.

    Raises:
      SyntaxError: the text is no Python 3.
    """
    import compat.legacy  # noqa: F401  (registers the dictionary's entries)

    try:
        module = cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise SyntaxError(
            error.message.splitlines()[0],
            (path, error.raw_line, error.raw_column + 1, None),
        ) from None
    is_package = path.endswith("__init__.py")
    if project is None:
        project = Project()
        project.add(module_name, summarize(text, module_name, is_package))
    package = module_name if is_package else module_name.rpartition(".")[0]
    try:
        return Rewriter(module, options, project.seen_from(path), package).run(text)
    finally:
        trees.forget()


class Rewriter(Statements):
    """The rewrite of one file."""

    def __init__(
        self, module: cst.Module, options: Options, project: View, package: str
    ):
        super().__init__(module, options, project, package)
        self.traced = compiled.traced_functions(self)
        self.pipelines = pipelines.functions_in(self)

    def run(self, text: str) -> SourceResult:
        """Rewrites the module."""
        legacy = any(self._is_legacy(full) for full in self.imports.names.values())
        if not legacy and not imports_edit.unknown_stars(self.module):
            return SourceResult(text)
        body = self.body(list(self.module.body), self.kinds.top)
        module = self.module.with_changes(body=body)
        module = imports_edit.mend(self, module)
        new = module.code
        compile(new, "<rewritten>", "exec", dont_inherit=True)
        self.findings.sort()
        return SourceResult(
            text if new == text else new, self.findings, self.helpers, self.copies
        )

    def _is_legacy(self, full: str) -> bool:
        if canonical(full).partition(".")[0] in LEGACY:
            return True
        return self.project.uses(full)
