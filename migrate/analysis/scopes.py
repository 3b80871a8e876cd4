"""Scopes and classes of one file: which names are local, and what is known of them."""

from __future__ import annotations

import dataclasses
import functools

import libcst as cst

from compat.dictionary.kinds import UNKNOWN, Kind


@dataclasses.dataclass
class ClassInfo:
    """A class of the file.

    Attributes:
      side: 'module' (becomes a Haiku module), 'owner' (holds networks) or 'plain'.
      attributes: kinds of `self.<name>`, from all its methods.
    """

    name: str
    node: cst.ClassDef
    side: str
    attributes: dict[str, Kind] = dataclasses.field(default_factory=dict)
    methods: dict[str, cst.FunctionDef] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Scope:
    """One function, or the module's top level.

    Attributes:
      kinds: of its own names; `outer` is asked for the others.
      bound: names that are local here, so that they hide imports.
    """

    outer: Scope | None = None
    klass: ClassInfo | None = None
    node: cst.CSTNode | None = None
    self_name: str | None = None
    kinds: dict[str, Kind] = dataclasses.field(default_factory=dict)
    bound: set[str] = dataclasses.field(default_factory=set)

    def lookup(self, name: str) -> Kind | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.kinds:
                return scope.kinds[name]
            if name in scope.bound:
                return UNKNOWN
            scope = scope.outer
        return None

    @functools.cached_property
    def shadowed(self) -> set[str]:
        """Names that are local variables here or in a function around."""
        names: set[str] = set()
        scope: Scope | None = self
        while scope is not None and scope.outer is not None:
            names |= scope.bound
            scope = scope.outer
        return names

    @property
    def side(self) -> str:
        """'module' inside a Haiku module's methods, else 'owner'."""
        scope: Scope | None = self
        while scope is not None:
            if scope.klass is not None:
                return "module" if scope.klass.side == "module" else "owner"
            scope = scope.outer
        return "owner"

    @property
    def owner_class(self) -> ClassInfo | None:
        scope: Scope | None = self
        while scope is not None:
            if scope.klass is not None:
                return scope.klass
            scope = scope.outer
        return None

    def is_self(self, node: cst.CSTNode) -> bool:
        """Whether an expression is the instance of the class around."""
        if not isinstance(node, cst.Name):
            return False
        scope: Scope | None = self
        while scope is not None:
            if scope.self_name is not None:
                return node.value == scope.self_name
            scope = scope.outer
        return False
