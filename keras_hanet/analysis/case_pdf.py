"""The one-page report of a case as PDF, by fpdf2: text that can be selected, in a font that every reader has."""

from io import BytesIO

from fpdf import FPDF

from keras_hanet.analysis.case_content import MEASURES, RELY
from keras_hanet.reports.document import to_jpeg
from keras_hanet.version import INTENDED_USE, __version__

_WIDTH, _MARGIN = 210, 15  # mm, of A4
_INNER = _WIDTH - 2 * _MARGIN
_GAP, _PICTURE_HEIGHT = 6, 60
_ORANGE, _INK, _MUTED, _LINE = (190, 100, 0), (29, 31, 35), (100, 105, 114), (215, 213, 208)


def to_pdf(content):
    """Lay a case out on one A4 page.

    The core font knows Latin-1; what a file name has beyond it becomes "?".

    Args:
        content: `CaseContent`.

    Returns:
        bytes of the file.
    """
    pdf = FPDF(format="A4")
    pdf.set_margin(_MARGIN)
    pdf.c_margin = 0
    pdf.set_auto_page_break(False)
    pdf.set_title(content.title)
    pdf.set_lang("en")
    pdf.set_creator(f"keras-hanet {__version__}")
    pdf.add_page()
    _write(pdf, INTENDED_USE, 9, _ORANGE, 4.5)
    pdf.ln(1.5)
    _write(pdf, content.title, 15, _INK, 6.5, style="B", wrapmode="CHAR")
    _write(pdf, content.lead, 9, _MUTED, 4.5)
    pdf.ln(3)
    _draw_pictures(pdf, content.pictures)
    if content.warning:
        _write(pdf, content.warning, 10.5, _ORANGE, 5.5, style="B")
        pdf.ln(1.5)
    _write_figures(pdf, content.figures)
    if content.sentences:
        _write(pdf, RELY, 10, _INK, 6, style="B")
    for sentence in content.sentences:
        _write(pdf, f"- {sentence}", 8.5, _INK, 4.1)
    if content.table:
        pdf.ln(2)
        _write(pdf, MEASURES, 10, _INK, 6, style="B")
        _write_table(pdf, content.table)
    pdf.set_y(-_MARGIN)
    _write(pdf, f"keras-hanet {__version__}. {INTENDED_USE}", 8, _MUTED, 4)
    return bytes(pdf.output())


def _write(pdf, words, size, colour, height, width=0, style="", **options):
    pdf.set_font("Helvetica", style, size)
    pdf.set_text_color(*colour)
    options = {"align": "L", "new_x": "LMARGIN", "new_y": "NEXT", **options}
    pdf.multi_cell(width, height, words.encode("latin-1", "replace").decode("latin-1"), **options)


def _draw_pictures(pdf, pictures):
    """Side by side on black, each as large as fits."""
    width, top = (_INNER - _GAP) / 2, pdf.get_y()
    pdf.set_fill_color(0, 0, 0)
    for column, (picture, caption) in enumerate(pictures):
        left = _MARGIN + column * (width + _GAP)
        box = {"x": left, "y": top, "w": width, "h": _PICTURE_HEIGHT}
        pdf.rect(**box, style="F")
        pdf.image(BytesIO(to_jpeg(picture)[0]), **box, keep_aspect_ratio=True, alt_text=caption)
        pdf.set_xy(left, top + _PICTURE_HEIGHT + 1)
        _write(pdf, caption, 8, _MUTED, 4, width)
    pdf.ln(3)


def _write_figures(pdf, figures):
    if not figures:
        return
    width, top = _INNER / len(figures), pdf.get_y()
    for column, (name, value, rest) in enumerate(figures):
        for line, (words, size, colour, style) in enumerate(
            ((name, 8.5, _MUTED, ""), (value, 15, _INK, "B"), (rest, 8, _MUTED, ""))
        ):
            pdf.set_xy(_MARGIN + column * width, top + (0, 4.5, 11.5)[line])
            _write(pdf, words, size, colour, (4, 7, 3.8)[line], width - 3, style)
    pdf.set_y(top + 20.5)


def _write_table(pdf, table):
    pdf.set_font("Helvetica", "", 8.5)
    pdf.set_draw_color(*_LINE)
    first = 50
    rest = min(40, (_INNER - first) / (len(table.header) - 1))
    for number, row in enumerate((table.header, *table.rows)):
        pdf.set_text_color(*(_INK if number else _MUTED))
        for column, cell in enumerate(row):
            width, align = (rest, "R") if column else (first, "L")
            pdf.cell(width, 4.7, cell, border="B", align=align)
        pdf.ln()
