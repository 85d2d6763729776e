"""HTML read as a browser reads it: which elements there are, and what stands in them."""

from __future__ import annotations

from html.parser import HTMLParser

ELEMENTS = frozenset({
    "div", "p", "pre", "code", "samp", "strong", "em", "br", "table", "caption", "thead", "tbody", "tr", "th",
    "td", "ol", "ul", "li", "dl", "dt", "dd", "progress",
})  # fmt: skip
ATTRIBUTES = frozenset({"style", "class", "scope", "aria-hidden", "aria-label", "value", "max"})
VOID = frozenset({"br"})


class Page(HTMLParser):
    """Raises AssertionError for elements and attributes that we do not make, and for a wrong nesting."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.pieces: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, self._open

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ELEMENTS, tag
        for name, value in attrs:
            assert name in ATTRIBUTES, name
            assert name != "style" or "url" not in (value or "")
        self.tags.append(tag)
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")
