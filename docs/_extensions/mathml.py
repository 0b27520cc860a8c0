"""Equations as MathML, which browsers draw by themselves: the site loads nothing from elsewhere and needs no LaTeX."""

from docutils import nodes
from latex2mathml.converter import convert

_BLOCK_STYLE = "margin: 1em 0; overflow: auto hidden"  # a long equation is scrolled on a phone


def visit_inline(translator, node):
    translator.body.append(_to_mathml(node, "inline"))
    raise nodes.SkipNode


def visit_block(translator, node):
    translator.body.append(f'<div style="{_BLOCK_STYLE}">{_to_mathml(node, "block")}</div>')
    raise nodes.SkipNode


def _to_mathml(node, display):
    return convert(node.astext(), display=display)


def setup(app):
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    app.config.html_math_renderer = "mathml"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
