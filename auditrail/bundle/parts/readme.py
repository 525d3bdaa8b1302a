"""`README.html` and `README.txt`: what the bundle is, its scope, how it is checked, and what nobody checked."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from auditrail import text, times
from auditrail.bundle import check_script, page
from auditrail.bundle.context import Context
from auditrail.report.gap_types import Period

NAME = "readme"
# The last: it lists what the others made.
ORDER = 90
_WIDTH = 100
# What each folder and file holds, by the beginning of its path.
_FILES = (
    ("report.html", "the report: coverage, gaps by cause, retention, integrity, list of runs; opens in any browser"),
    ("report.pdf", "the same on paper"),
    ("records/", "every event of the scope, runs, gaps, sources, verdicts and quarantine; Parquet holds exact values"),
    ("dictionary.html", "what stands in each column of records/; dictionary.json for programs"),
    ("raw/", "original bytes of records, with raw/index.jsonl: where each stood in its source, and its blake3"),
    ("profiles/", "what a framework asks for, and where it stands here; never a statement that anybody complies"),
    ("redaction.json", "what was withheld by which rule, and how a value that is disclosed later is proven"),
)
_ALWAYS = (
    (
        "manifest.json",
        "every file with size, SHA-256 and BLAKE3, the sources with theirs, custody, and the Merkle root",
    ),
    ("SHA256SUMS", "the same digests for sha256sum"),
)

_WHAT = """
    Records of what AI agents did, put together from the logs that were held, with a statement of what is missing from
    them and why. It states facts about records and is no legal opinion.
"""
_WITH = """
    With auditrail: auditrail verify BUNDLE. With the signer's public key, which has to come on another way than the
    bundle: auditrail verify BUNDLE --key KEY.pub
"""
_WITHOUT = f"""
    Without auditrail, unpacked, in its folder: sha256sum -c SHA256SUMS. That finds files that were changed or are
    missing. Files that were added, too, and the Merkle root are checked by this script, with Python alone, on the
    folder or the ZIP. Save it as {check_script.NAME}, outside of the bundle, and call it: {check_script.CALL}
"""
_TRUST = """
    Whoever can change the bundle can change this page, too: take the script, and the digest of manifest.json, from a
    place that you trust.
"""
_POLICY = """
    Values were withheld by the policy {name}: a salted commitment stands in place of each. redaction.json says by which
    rule and how often. The BLAKE3 of every record's original bytes is kept.
"""


class Section(NamedTuple):
    """A heading, paragraphs, (term, meaning) pairs, and text that is shown as it is."""

    title: str
    paragraphs: tuple[str, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()
    code: str = ""
    behind: tuple[str, ...] = ()


def make(context: Context) -> Iterator[tuple[str, bytes]]:
    """Both files."""
    sections = _sections(context)
    yield "README.txt", "".join(_plain(sections)).encode("utf-8", "backslashreplace")
    yield "README.html", page.whole("Evidence bundle", _html(sections)).encode("utf-8", "backslashreplace")


def _sections(context: Context) -> tuple[Section, ...]:
    told = context.overview
    made = [(name, what) for name, what in _FILES if any(path.startswith(name) for path in context.made)]
    numbers = ", ".join(
        f"{count:,} {what}"
        for count, what in (
            (context.selection.events, "events"),
            (context.selection.runs, "runs"),
            (context.selection.unplaced, "events that no key joins to a run"),
            (len(told.gaps.gaps), "findings of what is missing"),
            (len(told.sources), "sources"),
            (told.totals.quarantined, "records in quarantine"),
        )
    )
    scope = [
        ("Scope", context.scope.words()),
        ("Period asked for", _asked(context.scope.period)),
        ("Records held", _span(*context.held) if context.held[0] is not None else "no record of the scope has a time"),
        ("Contents", numbers),
        ("Command", context.command),
        ("Made by", f"{context.wishes.operator or 'not told'}, with auditrail {page.generated_by()['version']}"),
        ("Made at", context.wishes.generated_at or "not told"),
        ("Digest of the evidence", f"{told.digest} (blake3 over the digests and paths of all sources)"),
    ]
    return (
        Section(
            "Evidence bundle",
            (_words(_WHAT),),
            tuple(scope),
        ),
        Section("What is in it", (), (*made, *_ALWAYS)),
        _checking(),
        _withheld(context),
        Section("What was not checked", (), (), "", _not_checked(context)),
    )


def _checking() -> Section:
    return Section(
        "How to check it",
        (_words(_WITH), _words(_WITHOUT)),
        (),
        check_script.SCRIPT,
        (_words(_TRUST),),
    )


def _withheld(context: Context) -> Section:
    if context.redaction is None:
        return Section("What was withheld", ("Nothing was withheld by a redaction policy in making this bundle.",))
    name = context.redaction["policy"]["name"]
    return Section(
        "What was withheld",
        (_words(_POLICY).replace("{name}", str(name)),),
        tuple(
            (rule["id"], f"{sum(rule['withheld'].values()):,} values ({', '.join(rule['withheld']) or 'no field'})")
            for rule in context.redaction["rules"]
        ),
    )


def _not_checked(context: Context) -> tuple[str, ...]:
    more = ["CSV with more than 1,048,576 rows does not fit into a spreadsheet: use Parquet"]
    if "raw/index.jsonl" not in context.made:
        more.append("the original records are not in this bundle; the BLAKE3 of each stands in records/events")
    return (*context.overview.not_checked, *context.overview.limits, *more)


def _words(paragraph: str) -> str:
    return " ".join(paragraph.split())


def _asked(period: Period) -> str:
    if period.from_ns is None and period.to_ns is None:
        return "no bounds: all that is held"
    return f"{period.label} ({_span(period.from_ns, period.to_ns)}, the end excluded)"


def _span(first: int | None, last: int | None) -> str:
    return f"{times.iso(first) or 'the first record'} to {times.iso(last) or 'the last record'}"


def _plain(sections: tuple[Section, ...]) -> Iterator[str]:
    for number, section in enumerate(sections):
        yield f"{chr(10) if number else ''}{section.title}\n{('=' if number == 0 else '-') * len(section.title)}\n\n"
        for paragraph in section.paragraphs:
            yield _filled(paragraph) + "\n\n"
        width = max((len(term) for term, _ in section.terms), default=0) + 2
        for term, meaning in section.terms:
            yield _filled(meaning, text.terminal(term).ljust(width), " " * width) + "\n"
        if section.code:
            yield textwrap.indent(section.code, "    ") + "\n\n"
        for line in section.behind:
            yield _filled(line, "" if section.code else "- ", "" if section.code else "  ") + "\n"


def _filled(line: str, first: str = "", rest: str = "") -> str:
    return textwrap.fill(
        text.terminal(line), _WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def _html(sections: tuple[Section, ...]) -> Iterator[str]:
    for number, section in enumerate(sections):
        head = "h1" if number == 0 else "h2"
        yield f"<{head}>{page.escape(section.title)}</{head}>\n"
        yield from (f"<p>{page.escape(paragraph)}</p>\n" for paragraph in section.paragraphs)
        if section.terms:
            rows = "".join(
                f'<tr><th scope="row">{page.escape(term)}</th><td>{page.escape(meaning)}</td></tr>\n'
                for term, meaning in section.terms
            )
            yield f"<table>\n<tbody>\n{rows}</tbody>\n</table>\n"
        if section.code:
            code = "\n".join(page.escape(line) for line in section.code.split("\n"))
            yield f"<pre><code>{code}</code></pre>\n"
        if section.behind and section.code:
            yield from (f"<p>{page.escape(line)}</p>\n" for line in section.behind)
        elif section.behind:
            yield f"<ul>\n{''.join(f'<li>{page.escape(line)}</li>{chr(10)}' for line in section.behind)}</ul>\n"
