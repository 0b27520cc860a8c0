"""A reader of HTML pages for tests: it refuses tags that do not nest and collects what a test asks about."""

from html.parser import HTMLParser

VOID = {"meta", "img", "link", "br", "hr", "input"}


class Page(HTMLParser):
    """Read a page.

    Attributes:
        elements: [(tag, {attribute: value}), ...] in their order.
        tables: [[[cell, ...], ...], ...], the text of each cell.
        texts: {tag: [text, ...]}, of the elements that hold no other.
    """

    def __init__(self, html):
        super().__init__()
        self.elements, self.tables, self.texts = [], [], {}
        self._open, self._text = [], ""
        self.feed(html)
        self.close()
        assert self._open == [], f"not closed: {self._open}"

    def handle_starttag(self, tag, attributes):
        assert len({name for name, _ in attributes}) == len(attributes), f"an attribute of {tag} is there twice"
        self.elements.append((tag, dict(attributes)))
        self._text = ""
        if tag not in VOID:
            self._open.append(tag)
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self._open, f"{tag} was never opened"
        assert self._open[-1] == tag, f"{tag} closes {self._open[-1]}"
        self._open.pop()
        self.texts.setdefault(tag, []).append(self._text)

    def handle_data(self, data):
        self._text += data
        if self.tables and {"td", "th"} & set(self._open):
            self.tables[-1][-1][-1] += data

    def attributes(self, tag):
        """The attributes of each element of that tag."""
        return [attributes for found, attributes in self.elements if found == tag]
