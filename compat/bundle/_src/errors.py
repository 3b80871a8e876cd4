"""What goes wrong with a checkpoint's files."""

from __future__ import annotations


class BundleError(ValueError):
    """A checkpoint that can't be read as it stands.

    Args:
      problem: What is wrong, in one sentence.
      path: The file it is wrong in.
      key: The tensor it is wrong for, if one.
      offset: The byte offset in `path` at which it shows.
    """

    def __init__(
        self,
        problem: str,
        *,
        path: str | None = None,
        key: str | None = None,
        offset: int | None = None,
    ):
        place = []
        if path is not None:
            place.append(str(path))
        if offset is not None:
            place.append(f"byte {offset}")
        where = ", ".join(place)
        about = f" (tensor {key!r})" if key is not None else ""
        super().__init__(f"{where}: {problem}{about}" if where else problem + about)
        self.problem = problem
        self.path = path
        self.key = key
        self.offset = offset


class NoCheckpoint(BundleError):
    """There is no checkpoint at the given place."""


class OldFormat(BundleError):
    """The file is in TensorFlow's first checkpoint format, which has no index file."""
