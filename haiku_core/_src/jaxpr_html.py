"""A program as a web page whose modules open and close."""

from __future__ import annotations

import html
from collections.abc import Mapping

from haiku_core._src.jaxpr_info import Expression, Module, amount, sizes

_CSS = """
.hk-info, .hk-info ul { list-style: none; font: 13px/1.5 monospace; }
.hk-info ul { margin: 0 0 0 0.6em; padding: 0 0 0 1em; border-left: 1px solid #bbb; }
.hk-info summary { cursor: pointer; }
.hk-info .size { color: #777; margin-left: 0.8em; }
.hk-info .primitive { color: #3f48b0; }
.hk-info .more { color: #777; display: none; padding-left: 2em; }
.hk-info li:hover > .more, .hk-info summary:hover + .more { display: block; }
"""

# Shift and click opens or closes all that is inside, too.
_JS = """
document.addEventListener("click", (event) => {
  const line = event.target.closest(".hk-info summary");
  if (!line || !event.shiftKey) return;
  const open = !line.parentElement.open;
  for (const inside of line.parentElement.querySelectorAll("details")) {
    inside.open = open;
  }
});
"""


def css() -> str:
    """The style sheet for :func:`as_html`."""
    return _CSS


def js() -> str:
    """The script for :func:`as_html`; the tree opens and closes without it too."""
    return _JS


def as_html_page(module: Module, min_flop: int = 1000) -> str:
    """A module as a web page of its own.

    Args:
      module: what :func:`make_model_info` found.
      min_flop: operations with fewer flops are left out, where flops are known.
    """
    return (
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8">'
        f"<title>{_text(module.name)}</title>"
        f"<style>{css()}</style><script>{js()}</script></head>\n"
        f"<body>{as_html(module, min_flop=min_flop)}</body></html>\n"
    )


def as_html(
    module: Module, min_flop: int = 1000, outvars: str = "", last: bool = False
) -> str:
    """A module as part of a web page; :func:`css` has to be in the page too.

    Args:
      module: what :func:`make_model_info` found.
      min_flop: operations with fewer flops are left out, where flops are known.
      outvars: names of the module's results, shown before its name.
      last: whether it is the last of its siblings; it makes no difference here.
    """
    del last
    return f'<div class="hk-info">{_module(module, min_flop, outvars, True)}</div>'


def _module(module: Module, min_flop: int, outvars: str, is_open: bool) -> str:
    title = f"{_text(outvars)} = " if outvars else ""
    labels = "".join(
        f'<span class="size">{size}</span>'
        for size in sizes(module, ("flop", "param", "state"))
    )
    shown = [e for e in module.expressions if e.flops is None or e.flops >= min_flop]
    items = "".join(f"<li>{_item(expression, min_flop)}</li>\n" for expression in shown)
    return (
        f"<details{' open' if is_open else ''}>"
        f"<summary>{title}<b>{_text(module.name)}</b>{labels}</summary>"
        f"{_table({**module.param_info, **module.state_info})}"
        f"<ul>{items}</ul></details>"
    )


def _item(expression: Expression, min_flop: int) -> str:
    if expression.submodule:
        return _module(expression.submodule, min_flop, expression.outvars, False)
    flops = "" if expression.flops is None else amount(expression.flops, "flops")
    more = _table({"": expression.details, **expression.params})
    return (
        f"{_text(expression.outvars)} = "
        f'<span class="primitive">{_text(expression.primitive)}</span> '
        f'{_text(expression.invars)}<span class="size">{flops}</span>{more}'
    )


def _table(rows: Mapping[str, str]) -> str:
    lines = "".join(
        f"<div>{_text(f'{name}: {value}' if name else value)}</div>"
        for name, value in rows.items()
    )
    return f'<div class="more">{lines}</div>' if lines else ""


def _text(value: str) -> str:
    return html.escape(str(value))
