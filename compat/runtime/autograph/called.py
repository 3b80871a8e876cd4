"""What converted code calls, under the name `ag__`.

With plain Python values each does what Python would; with traced tensors it becomes an
op.
"""

from compat.runtime.autograph.expressions import and_ as and_
from compat.runtime.autograph.expressions import assert_stmt as assert_stmt
from compat.runtime.autograph.expressions import call as call
from compat.runtime.autograph.expressions import if_exp as if_exp
from compat.runtime.autograph.expressions import not_ as not_
from compat.runtime.autograph.expressions import or_ as or_
from compat.runtime.autograph.statements import for_stmt as for_stmt
from compat.runtime.autograph.statements import if_stmt as if_stmt
from compat.runtime.autograph.statements import while_stmt as while_stmt
from compat.runtime.autograph.undefined import UNDEFINED as UNDEFINED
from compat.runtime.autograph.undefined import attribute as attribute
from compat.runtime.autograph.undefined import item as item
from compat.runtime.autograph.undefined import result as result
from compat.runtime.autograph.undefined import set_attribute as set_attribute
from compat.runtime.autograph.undefined import set_item as set_item

__all__ = [
    "UNDEFINED",
    "and_",
    "assert_stmt",
    "attribute",
    "call",
    "for_stmt",
    "if_exp",
    "if_stmt",
    "item",
    "not_",
    "or_",
    "result",
    "set_attribute",
    "set_item",
    "while_stmt",
]
