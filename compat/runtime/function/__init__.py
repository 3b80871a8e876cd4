"""`tf.function`: Python code traced once and compiled, for each kind of arguments."""

from compat.runtime.function.context import executing_eagerly as executing_eagerly
from compat.runtime.function.context import init_scope as init_scope
from compat.runtime.function.function import Function as Function
from compat.runtime.function.function import function as function

__all__ = ["Function", "executing_eagerly", "function", "init_scope"]
