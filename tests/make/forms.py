"""Forms as a browser reads them off a page and sends them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from fastapi.testclient import TestClient


class Fields(HTMLParser):
    """The fields of a page's form as a browser sends them."""

    def __init__(self, page: str, form: str) -> None:
        super().__init__()
        self.wanted, self.inside, self.sent = form, False, list[tuple[str, str]]()
        self.select = self.area = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = given.get("id") == self.wanted
        if not self.inside:
            return
        name = given.get("name", "")
        if tag == "select":
            self.select = name
        elif tag == "textarea":
            self.area = name
            self.sent.append((name, ""))
        elif tag == "option" and (chosen := "selected" in given or self.select not in dict(self.sent)):
            self.sent = [pair for pair in self.sent if not chosen or pair[0] != self.select]
            self.sent.append((self.select, given["value"]))
        elif tag == "input" and name and (given.get("type") != "checkbox" or "checked" in given):
            self.sent.append((name, given.get("value", "on")))

    def handle_data(self, data: str) -> None:
        if self.area:
            self.sent[-1] = (self.area, self.sent[-1][1] + data)

    def handle_endtag(self, tag: str) -> None:
        self.area = "" if tag == "textarea" else self.area
        self.inside = self.inside and tag != "form"


def send(seller: TestClient, path: str, sent: list[tuple[str, str]], **more: str) -> Any:
    data: dict[str, list[str]] = {}
    for name, value in sent:
        data.setdefault(name, []).append(value)
    data |= {name: [value] for name, value in more.items()}
    return seller.post(path, data=data, follow_redirects=False)
