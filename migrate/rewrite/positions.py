"""Where nodes stand in the source, worked out only when somebody asks."""

from __future__ import annotations

import contextlib

import libcst as cst
from libcst._nodes.internal import CodegenState


class _Recording(CodegenState):
    """Generates the source while noting where each node begins."""

    def __init__(self, default_indent: str, default_newline: str):
        super().__init__(default_indent, default_newline)
        self.starts: dict[int, tuple[int, int]] = {}
        self.begins_at: dict[int, cst.CSTNode] = {}
        self.line, self.column = 1, 0

    def add_indent_tokens(self) -> None:
        super().add_indent_tokens()
        for token in self.indent_tokens:
            self.column += len(token)

    def add_token(self, value: str) -> None:
        super().add_token(value)
        lines = value.count("\n")
        if lines:
            self.line += lines
            self.column = len(value) - value.rindex("\n") - 1
        else:
            self.column += len(value)

    @contextlib.contextmanager
    def record_syntactic_position(self, node, *, start_node=None, end_node=None):
        del end_node
        if start_node is None:
            self.starts.setdefault(id(node), (self.line, self.column))
        else:
            self.begins_at[id(node)] = start_node
        yield


class Positions:
    """Line and column of the nodes of one parsed module."""

    def __init__(self, module: cst.Module):
        self._module = module
        self._starts: dict[int, tuple[int, int]] | None = None
        self._last = (1, 0)

    def of(self, node: cst.CSTNode) -> tuple[int, int]:
        """(line from 1, column from 0); of a new node, the last place asked for."""
        if self._starts is None:
            state = _Recording(
                self._module.default_indent, self._module.default_newline
            )
            self._module._codegen(state)
            self._starts = state.starts
            for key, node in state.begins_at.items():
                if id(node) in self._starts:
                    self._starts.setdefault(key, self._starts[id(node)])
        for inner in _first_old(node):
            if id(inner) in self._starts:
                self._last = self._starts[id(inner)]
                break
        return self._last


def _first_old(node: cst.CSTNode):
    from migrate.analysis import trees

    return trees.walk(node)
