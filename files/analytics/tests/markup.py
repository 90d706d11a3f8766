"""What a page says: its texts and links, by the parser of the standard library."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from flask.testing import FlaskClient

VOID = frozenset({"br", "input", "link", "meta", "hr", "img"})
# What holds only text and its like, and what is none: https://html.spec.whatwg.org/#phrasing-content
OF_TEXT = frozenset({"h1", "h2", "h3", "p", "span", "small", "label", "button", "dt"})
BLOCKS = frozenset(
    {"details", "div", "dl", "figure", "form", "nav", "ol", "p", "section", "table", "ul"}
)


@dataclass
class Element:
    """An element with its attributes and the text in it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    parents: tuple[str, ...] = ()


@dataclass
class Page(HTMLParser):
    """All elements of a page in their order. Fails for one that is closed or placed wrongly."""

    markup: str
    elements: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[Element] = []
        self.feed(self.markup)
        self.close()
        assert not self._open, [element.tag for element in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, attrs)
        around = {each.tag for each in self._open} & OF_TEXT
        assert not (around and tag in BLOCKS), (tag, around)
        parents = tuple(each.attributes.get("class", each.tag) for each in self._open)
        element = Element(tag, {name: value or "" for name, value in attrs}, parents=parents)
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, tag
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """The elements of that name with these attributes, `class_` for class."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            element
            for element in self.elements
            if element.tag == tag and wanted.items() <= element.attributes.items()
        ]

    def link(self, text: str) -> str:
        """Where the first link with that text leads."""
        for element in self.all("a"):
            if " ".join(element.text.split()) == text:
                return element.attributes["href"]
        raise AssertionError(f"no link {text!r}")

    def links(self) -> list[str]:
        """Where all links lead."""
        return [element.attributes["href"] for element in self.all("a")]

    @property
    def text(self) -> str:
        """All that is said on the page, in one line."""
        return " ".join(self.all("body")[0].text.split())


def opened(client: FlaskClient, address: str, **headers: str) -> Page:
    """The page at `address`, which there must be."""
    response = client.get(address, headers=headers)
    assert response.status_code == 200, response.text
    return Page(response.text)
