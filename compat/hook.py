"""`install`: the program's own imports of legacy packages give those of `compat`.

The importing file decides. `sys.modules` is left alone and so are files of installed
libraries, so that their `try: import tensorflow` finds what is really there.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import os
import site
import sys
import sysconfig
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any

LEGACY = ("tensorflow", "sonnet", "trfl")

_legacy: set[str] = set()
_original: dict[str, Callable[..., Any]] = {}
_included: set[str] = set()
_excluded: set[str] = set()


def install(
    *,
    tensorflow: bool = True,
    sonnet: bool = True,
    trfl: bool = True,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
) -> None:
    """Makes `import sonnet`, `import tensorflow`, `import trfl` give those of compat.

    That holds for imports from now on, in files that are not part of the standard
    library or of an installed package.

    Args:
      tensorflow, sonnet, trfl: whether that package is taken over.
      include: dotted names of installed packages whose imports are changed as well,
        such as "acme" or "bsuite".
      exclude: dotted names of modules whose imports are left as they are.

    Calling it again adds to the two lists and sets the packages anew.
    """
    wanted = {"tensorflow": tensorflow, "sonnet": sonnet, "trfl": trfl}
    _legacy.clear()
    _legacy.update(name for name, wants in wanted.items() if wants)
    _included.update(_names(include))
    _excluded.update(_names(exclude))
    _is_users_file.cache_clear()
    if _original:
        return
    _original["__import__"] = builtins.__import__
    _original["import_module"] = importlib.import_module
    builtins.__import__ = _import
    importlib.import_module = _import_module


def uninstall() -> None:
    """Undoes `install`; what was imported stays imported."""
    _included.clear()
    _excluded.clear()
    if _original:
        builtins.__import__ = _original.pop("__import__")
        importlib.import_module = _original.pop("import_module")


def installed() -> bool:
    """Whether `install` is in effect."""
    return bool(_original)


def _names(given: Iterable[str]) -> list[str]:
    if isinstance(given, str):
        raise TypeError(f"a list of names is wanted, not the string {given!r}")
    return list(given)


def _import(
    name: str,
    globals: Mapping[str, Any] | None = None,
    locals: Mapping[str, Any] | None = None,
    fromlist: Any = (),
    level: int = 0,
) -> Any:
    if level == 0 and _taken_over(name) and _is_users(globals):
        return _resolve(name, fromlist)
    return _original["__import__"](name, globals, locals, fromlist, level)


def _import_module(name: str, package: str | None = None) -> types.ModuleType:
    if _taken_over(name) and _is_users(sys._getframe(1).f_globals):
        return _resolve(name, ("*",))
    return _original["import_module"](name, package)


def _taken_over(name: str) -> bool:
    """Whether it is a legacy package's name that Python would not resolve to ours."""
    head = name.partition(".")[0]
    if head not in _legacy:
        return False
    ours = sys.modules.get(f"compat.{head}")
    return ours is None or sys.modules.get(head) is not ours


def _is_users(globals: Mapping[str, Any] | None) -> bool:
    """Whether the module with these globals is the program's own."""
    if globals is None:
        return False
    name = globals.get("__name__") or ""
    if _within(name, _excluded):
        return False
    if _within(name, _included):
        return True
    file = globals.get("__file__")
    if file is None and name != "__main__":
        file = _file_that_runs()
    return _is_users_file(file)


def _file_that_runs() -> str | None:
    """The file that runs code of no file: a library may make modules from strings."""
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_globals.get("__file__")
        if file is not None and file != __file__:
            return file
        frame = frame.f_back
    return None


def _within(name: str, packages: set[str]) -> bool:
    return any(name == p or name.startswith(f"{p}.") for p in packages)


@functools.cache
def _is_users_file(file: str | None) -> bool:
    if file is None:  # typed at a prompt, or in a notebook
        return True
    path = os.path.realpath(file)
    return not any(path.startswith(folder) for folder in _library_folders())


@functools.cache
def _library_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    folders = {paths[k] for k in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders.update(site.getsitepackages())
    folders.add(site.getusersitepackages())
    folders.add(os.path.dirname(__file__))
    return tuple(os.path.realpath(f) + os.sep for f in folders)


def _resolve(name: str, fromlist: Any) -> Any:
    """The module of compat for a legacy module's name.

    Raises:
      ModuleNotFoundError: there is no such module here.
      ImportError: a name of `fromlist` is not in it.
    """
    import_module = _original["import_module"]
    head, *parts = name.split(".")
    root = module = import_module(f"compat.{head}")
    for part in parts:
        try:
            module = getattr(module, part)
        except AttributeError as error:
            try:
                module = import_module(f"{module.__name__}.{part}")
            except ImportError:
                raise ModuleNotFoundError(f"{name}: {error}", name=name) from None
        if not isinstance(module, types.ModuleType):
            raise ModuleNotFoundError(f"{name} is no module in compat", name=name)
    if not fromlist:
        return root
    for wanted in fromlist:
        if wanted == "*":
            continue
        try:
            getattr(module, wanted)
        except AttributeError as error:
            raise ImportError(
                f"cannot import name {wanted!r} from {name!r}: {error}", name=name
            ) from None
    return module
