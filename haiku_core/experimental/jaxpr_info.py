"""Programs as trees of modules, operations, sizes and flops; as text and as HTML."""

from haiku_core._src.jaxpr_html import as_html as as_html
from haiku_core._src.jaxpr_html import as_html_page as as_html_page
from haiku_core._src.jaxpr_html import css as css
from haiku_core._src.jaxpr_html import js as js
from haiku_core._src.jaxpr_info import Expression as Expression
from haiku_core._src.jaxpr_info import Module as Module
from haiku_core._src.jaxpr_info import format_module as format_module
from haiku_core._src.jaxpr_info import make_model_info as make_model_info

__all__ = (
    "Expression",
    "Module",
    "as_html",
    "as_html_page",
    "css",
    "format_module",
    "js",
    "make_model_info",
)
