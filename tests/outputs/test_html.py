"""The page as text: one file, nothing from elsewhere, and no value of a log that is more than text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail.outputs import html
from auditrail.outputs._view import View

VENDOR = Path(html.__file__).parent / "_vendor"
MARKUP = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "a\u2028b\u2029c\u202egnp.exe\u2066",
    "\x1b[31mred\x1b]0;owned\x07",
    "nul\x00here",
    '=HYPERLINK("http://evil.example")',
    "{{ 7*7 }}{% include 'x' %}${7*7}<%= 7 %>",
    "<!--<script>",
    "]]>&lt;b&gt;&#x3c;",
    '" onmouseover="alert(1)" x="',
    "url(http://evil.example/x) } body { display: none",
)


class Elements(HTMLParser):
    """Elements with their attributes, and the text of scripts and styles."""

    def __init__(self, made: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[tuple[str, str]] = []
        self._open = ""
        self._kind = ""
        self.feed(made)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._open, self._kind = tag, dict(attrs).get("type") or tag

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.inside.append((self._kind, data))


def page(report: Any, **view: Any) -> str:
    return "".join(html.render(report, View(**view)))


def hostile_run(make_event: Any, make_run: Any) -> Any:
    rows = []
    for number, value in enumerate(MARKUP, 1):
        rows.append(
            (
                number % 4,
                make_event(
                    value, number, "10:00:00", "tool", "span", end="10:00:01", name=value, tool=value, model=value,
                    args=json.dumps({value: value}), result=value, error=value, status="error", marks=(value,),
                    span_id=value, tool_call_id=value, attributes=json.dumps({value: [value]}),
                ),
            )
        )  # fmt: skip
    return make_run(*rows, id=MARKUP[0], asked=MARKUP[1], agent=MARKUP[7], remarks=MARKUP, not_checked=MARKUP)


def test_elements_are_those_of_the_template_whatever_a_log_says(make_event: Any, make_run: Any) -> None:
    def plain(value: str) -> Any:
        event = make_event("a", 1, "10:00:00", "tool", "span", name=value, tool=value, args=value, result=value)
        return make_run((0, event), remarks=(value,), agent=value)

    usual = [tag for tag, _ in Elements(page(plain("harmless"))).found]
    for value in MARKUP:
        found = Elements(page(plain(value))).found
        assert [tag for tag, _ in found] == usual, value
    report = hostile_run(make_event, make_run)
    for tag, attributes in Elements(page(report)).found:
        assert tag not in ("img", "iframe", "object", "embed", "link", "base", "svg", "form") or attributes == {
            "method": "dialog"
        }
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in ("src", "style", "srcdoc", "action", "formaction", "background", "xlink:href")
            if name == "href":
                assert re.fullmatch(r"#r\d+", value or "")


@settings(max_examples=40, deadline=None)
@given(value=st.text(max_size=60))
def test_no_text_adds_an_element_or_ends_the_data(value: str, make_event: Any, make_run: Any) -> None:
    def tags(report: Any) -> list[str]:
        elements = Elements(page(report))
        (text,) = (text for kind, text in elements.inside if kind == "application/json")
        json.loads(text)
        return [tag for tag, _ in elements.found]

    def run(text: str) -> Any:
        # A blank behind it, or an empty text would leave out the element that holds it.
        event = make_event(
            "a", 1, "10:00:00", "tool", "call", tool="t", args=f"{text}.", error=f"{text}.", rule=f"{text}."
        )
        return make_run((0, event), remarks=(f"{text}.",))

    assert tags(run(value)) == tags(run("harmless"))


@pytest.mark.parametrize("content", ["short", "whole", "digest"])
def test_the_policy_allows_exactly_the_scripts_and_the_style_of_the_page(incident: Any, content: Any) -> None:
    elements = Elements(page(incident, content=content))
    policy = next(a["content"] or "" for tag, a in elements.found if a.get("http-equiv") == "Content-Security-Policy")
    directives = {name: values for name, *values in (part.split() for part in policy.split(";"))}
    assert directives["default-src"] == ["'none'"]
    assert directives["trusted-types"] == ["'none'"]

    def hashes(kind: str) -> list[str]:
        return [
            f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
            for one, text in elements.inside
            if one == kind
        ]

    assert directives["script-src"] == hashes("script")
    assert directives["style-src"] == hashes("style")
    assert len(hashes("script")) == 2
    assert [kind for kind, _ in elements.inside].count("application/json") == 1


def test_a_table_runs_no_script(listing: Any) -> None:
    made = page(listing)
    assert "script-src &#39;none&#39;" in made
    assert "<script" not in made
    assert "1,234,567" in made
    assert "Sources in the case" in made


def test_the_data_of_the_page_reads_back_and_acts_on_nothing(make_event: Any, make_run: Any) -> None:
    elements = Elements(page(hostile_run(make_event, make_run)))
    (text,) = (text for kind, text in elements.inside if kind == "application/json")
    data = json.loads(text)
    assert len(data["events"]) == len(MARKUP)
    assert not set("<>&\u2028\u2029\u202e\x1b\x00") & set(text)
    told = json.dumps(data, ensure_ascii=False)
    for char in ("\x1b", "\x00", "\u202e", "\u2066", "\u2028"):
        assert char not in told.encode().decode("unicode_escape", "ignore") or char not in json.dumps(
            data["events"], ensure_ascii=False
        )


def test_every_event_is_a_row_and_each_row_is_told(incident: Any) -> None:
    made = page(incident)
    elements = Elements(made)
    rows = [a for tag, a in elements.found if tag == "div" and (a.get("class") or "").startswith("row ")]
    (text,) = (text for kind, text in elements.inside if kind == "application/json")
    data = json.loads(text)
    assert len(rows) == len(data["rows"])
    assert sorted(event for event, _ in data["rows"] if event >= 0) == list(range(len(incident.events)))
    for number, (_, above) in enumerate(data["rows"]):
        assert above < number
    held = {row for row, *_ in data["items"]}
    assert {number for number, (event, _) in enumerate(data["rows"]) if event >= 0} - held == {
        number for number, a in enumerate(rows) if a["id"] == f"r{number}" and "event" in str(a["class"]) and
        'no time' in made.split(f'id="r{number}"')[1][:300]
    }  # fmt: skip


def test_contents_are_cut_unless_they_are_asked_for(make_event: Any, make_run: Any) -> None:
    long = "x" * 10_000 + "END"
    report = make_run((0, make_event("a", 1, "10:00:00", "tool", "call", tool="t", args=long)))
    assert "END" not in page(report)
    assert ",6003]" in page(report)
    whole = page(report, content="whole")
    assert whole.count("END") == 2  # in the details, and under the row for print
    assert "blake3:" in page(report, content="digest")


def test_numbers_in_contents_stay_as_they_are(make_event: Any, make_run: Any) -> None:
    args = '{"big":123456789012345678901234567890,"small":1.10}'
    made = page(make_run((0, make_event("a", 1, "10:00:00", "tool", "call", tool="t", args=args))))
    assert made.count("123456789012345678901234567890") == 2  # in the row and in the details


def test_times_are_in_the_zone_of_the_view(incident: Any) -> None:
    made = page(incident, tz="Europe/Berlin")
    assert "12:06:02" in made
    assert "Europe/Berlin" in made


def test_what_a_person_reads_of_the_incident(incident: Any, golden: Any) -> None:
    made = page(incident)
    made = re.sub(r"<(script|style|noscript)\b.*?</\1>", "", made, flags=re.DOTALL)
    lines = (unescape(re.sub(r"<[^>]*>", " ", line)).split() for line in made.split("\n"))
    golden("incident_html.txt", "".join(" ".join(words) + "\n" for words in lines if words))


def test_vendored_files_are_those_that_were_published() -> None:
    table = (VENDOR / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| `([^`]+)` \|.*`([^`]+)` \| `([0-9a-f]{64})` \|$", table, re.MULTILINE)
    assert rows
    for name, licence, digest in ((n, re.sub(r".*, ", "", x), d) for n, x, d in rows):
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest
        assert (VENDOR / licence).read_text("utf-8").strip()
    assert "Permission to use, copy, modify" in (VENDOR / "d3.LICENSE").read_text("utf-8")
    assert {path.name for path in VENDOR.iterdir()} == {"README.md", *(n for n, _, _ in rows), *(x for _, x, _ in rows)}


def test_the_other_outputs_load_no_template_engine(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from auditrail.cli import _main; "
        f"code = _main.run(['reconstruct', 'r1', '--from', {str(tmp_path / 'a.jsonl')!r}, '--format', 'text']); "
        "print(code, [n for n in ('jinja2', 'markupsafe', 'auditrail.outputs.html') if n in sys.modules])"
    )
    (tmp_path / "a.jsonl").write_text('{"run_id":"r1","event":"run_started","ts":"2026-01-01T00:00:00Z","agent":"a"}\n')
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "0 []", done.stderr
