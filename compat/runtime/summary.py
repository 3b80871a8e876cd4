"""`tf.summary`: scalars, histograms, images and text for TensorBoard.

The files are written by the library tensorboardX, which the extra `tensorboard`
installs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from compat.runtime.control_flow import is_traced
from compat.runtime.export import export
from compat.runtime.state import STATE
from compat.runtime.tensor import convert, is_tensor
from compat.runtime.variable import Variable


def _stack() -> list[Any]:
    return STATE.__dict__.setdefault("summary_writers", [])


@export("tf.summary.SummaryWriter")
class SummaryWriter:
    """Writes summaries into a folder.

    Args:
      logdir: the folder.

    Raises:
      ImportError: tensorboardX is not installed.
    """

    def __init__(self, logdir: str, suffix: str = "") -> None:
        try:
            import tensorboardX
        except ImportError as error:
            raise ImportError(
                "tf.summary needs tensorboardX: pip install 'sonnet2haiku[tensorboard]'"
            ) from error
        self._writer = tensorboardX.SummaryWriter(
            str(logdir), filename_suffix=suffix or ""
        )

    @contextlib.contextmanager
    def as_default(self, step: Any = None) -> Iterator[SummaryWriter]:
        """Inside, summaries go to this writer."""
        before = STATE.__dict__.get("summary_step")
        if step is not None:
            set_step(step)
        _stack().append(self)
        try:
            yield self
        finally:
            _stack().pop()
            STATE.summary_step = before

    def set_as_default(self, step: Any = None) -> None:
        """From now on, summaries go to this writer."""
        _stack()[:] = [self]
        if step is not None:
            set_step(step)

    def flush(self) -> None:
        """Writes what is buffered."""
        self._writer.flush()

    def close(self) -> None:
        """Writes what is buffered and closes the file."""
        self._writer.close()


class _NoWriter(SummaryWriter):
    def __init__(self) -> None:
        self._writer = None

    def flush(self) -> None:
        """Nothing to do."""

    close = flush


@export("tf.summary.create_file_writer")
def create_file_writer(
    logdir: str,
    max_queue: Any = None,
    flush_millis: Any = None,
    filename_suffix: Any = None,
    name: Any = None,
    experimental_trackable: bool = False,
) -> SummaryWriter:
    """A writer into a folder."""
    return SummaryWriter(logdir, filename_suffix)


@export("tf.summary.create_noop_writer")
def create_noop_writer() -> SummaryWriter:
    """A writer that writes nothing."""
    return _NoWriter()


@export("tf.summary.experimental.set_step")
def set_step(step: Any) -> None:
    """The step of summaries that are given none."""
    STATE.summary_step = step


@export("tf.summary.experimental.get_step")
def get_step() -> Any:
    """That step, or None."""
    return STATE.__dict__.get("summary_step")


@export("tf.summary.should_record_summaries")
def should_record_summaries() -> bool:
    """Whether summaries are written now."""
    return bool(_stack()) and STATE.__dict__.get("summary_record", True)


@export("tf.summary.record_if")
@contextlib.contextmanager
def record_if(condition: Any) -> Iterator[None]:
    """Inside, summaries are written only if the condition holds."""
    before = STATE.__dict__.get("summary_record", True)
    STATE.summary_record = bool(condition() if callable(condition) else condition)
    try:
        yield
    finally:
        STATE.summary_record = before


@export("tf.summary.flush")
def flush(writer: Any = None, name: Any = None) -> None:
    """Writes what is buffered."""
    writer = writer or (_stack()[-1] if _stack() else None)
    if writer is not None:
        writer.flush()


def _write(kind: str, name: str, data: Any, step: Any, *more: Any) -> bool:
    """Hands one summary to the writer; inside a trace, when it runs."""
    if not should_record_summaries():
        return False
    writer = _stack()[-1]._writer
    if writer is None:
        return False
    step = get_step() if step is None else step
    if step is None:
        raise ValueError(
            "No step set. Please specify one either through the `step` argument or "
            "through tf.summary.experimental.set_step()"
        )
    full = f"{STATE.scopes[-1]}{name}"
    add = getattr(writer, f"add_{kind}")

    def emit(value: Any, at: Any) -> None:
        add(full, value, int(at), *more)

    if is_tensor(data) or is_tensor(step):
        data, step = convert(data), convert(_current(step))
        if is_traced(data) or is_traced(step):
            import jax

            jax.debug.callback(
                lambda v, s: emit(np.asarray(v), s), data._array, step._array
            )
            return True
        data, step = np.asarray(data._array), int(step)
    emit(data, step)
    return True


def _current(step: Any) -> Any:
    return step._peek() if isinstance(step, Variable) else step


@export("tf.summary.scalar")
def scalar(name: str, data: Any, step: Any = None, description: Any = None) -> bool:
    """One number; whether it was written."""
    return _write("scalar", name, data, step)


@export("tf.summary.histogram")
def histogram(
    name: str, data: Any, step: Any = None, buckets: Any = None, description=None
) -> bool:
    """The distribution of a tensor's elements."""
    return _write("histogram", name, data, step)


@export("tf.summary.text")
def text(name: str, data: Any, step: Any = None, description: Any = None) -> bool:
    """A string."""
    value = data.numpy() if is_tensor(data) else data
    value = value.decode() if isinstance(value, bytes) else str(value)
    return _write("text", name, value, step)


@export("tf.summary.image")
def image(
    name: str, data: Any, step: Any = None, max_outputs: int = 3, description=None
) -> bool:
    """[n, height, width, channels] images, bytes or floats in [0, 1]."""
    written = False
    for i, picture in enumerate(convert(data)[:max_outputs]):
        written = _write("image", f"{name}/{i}", picture, step, None, "HWC")
    return written
