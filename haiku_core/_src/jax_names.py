"""JAX's name stack: how operations in a compiled program get a module's name.

``jax.named_scope`` costs about a hundred bytecodes each time, most of them to build the
same objects again. Here the objects are kept, so that a method call enters its scope by
one look-up and one assignment. If a JAX release moves what this touches, ``context`` is
``None`` and the callers use ``jax.named_scope``.
"""

from __future__ import annotations

from typing import Any

try:
    from jax._src.source_info_util import _source_info_context as context

    assert context.context.name_stack.extend("x").stack
    assert context.context.replace(name_stack=context.context.name_stack)
except (ImportError, AttributeError, AssertionError, TypeError):
    context = None  # type: ignore[assignment]

_entered: dict[tuple[Any, str, str], Any] = {}
_LIMIT = 50_000


def entered(current: Any, module_name: str, method: str) -> Any:
    """JAX's source info inside of a method, given the one outside of it."""
    key = (current.name_stack.stack, module_name, method)
    found = _entered.get(key) if current.traceback is None else None
    if found is None:
        stack = current.name_stack
        if method != "__call__":
            stack = stack.extend(method)
        stack = stack.extend(local_name(module_name))
        found = current.replace(name_stack=stack)
        if current.traceback is None:
            if len(_entered) > _LIMIT:
                _entered.clear()
            _entered[key] = found
    return found


def local_name(module_name: str) -> str:
    """The last component of a full module name."""
    return module_name.rpartition("/")[2]
