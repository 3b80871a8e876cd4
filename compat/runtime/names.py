"""`tf.name_scope` and `tf.device`."""

from __future__ import annotations

from typing import Any

from compat.runtime.export import export
from compat.runtime.state import STATE


@export("tf.name_scope")
class name_scope:
    """Names made inside get this prefix.

    Args:
      name: appended to the current scope; one that ends in a slash is absolute.
    """

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise ValueError("name for name_scope must be a string.")
        self._name = name

    @property
    def name(self) -> str:
        """The name it was made with."""
        return self._name

    def __enter__(self) -> str:
        name = self._name
        if name and not name.endswith("/"):
            name = f"{STATE.scopes[-1]}{name}/"
        STATE.scopes.append(name)
        return name

    def __exit__(self, *exc: Any) -> None:
        STATE.scopes.pop()


@export("tf.compat.v1.name_scope")
class name_scope_v1(name_scope):
    """TensorFlow 1's form: `name_scope(name, default_name, values)`."""

    def __init__(self, name: Any, default_name: Any = None, values: Any = None) -> None:
        super().__init__(default_name or "" if name is None else name)


@export("tf.device")
class device:
    """Notes the device that variables made inside report; moves nothing."""

    def __init__(self, device_name: Any) -> None:
        self._name = str(device_name or "")

    def __enter__(self) -> None:
        STATE.devices.append(full_device(self._name))

    def __exit__(self, *exc: Any) -> None:
        STATE.devices.pop()


def full_device(name: str) -> str:
    """A device name with all its parts: "/cpu:0" → "/job:localhost/…/device:CPU:0"."""
    if not name:
        return ""
    last = name.rsplit("/", 1)[-1]
    parts = [p for p in last.split(":") if p.lower() != "device"]
    kind, index = (parts + ["0"])[:2]
    if kind.lower() in ("job", "task", "replica"):
        kind, index = "CPU", "0"
    return f"/job:localhost/replica:0/task:0/device:{kind.upper()}:{index}"


def here() -> str:
    """The device of a variable made now."""
    return STATE.devices[-1] or "/job:localhost/replica:0/task:0/device:CPU:0"
