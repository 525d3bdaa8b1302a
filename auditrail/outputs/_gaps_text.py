"""A gaps report for a terminal.

First what a manager asks (which period, what is held, how bad it is, what to do first), then coverage, then what a
responder needs of each finding, then what was not checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditrail.outputs import _gaps_heat as heats
from auditrail.outputs import _gaps_tables as tables
from auditrail.outputs._gaps_words import Words, rank, worst_first
from auditrail.outputs._header import SEVERITY_STYLES
from auditrail.outputs._paint import Line, wrap
from auditrail.outputs._table import Cells, table
from auditrail.outputs._view import View
from auditrail.report.gap_types import GapsReport
from auditrail.report.types import Evidence, Gap
from auditrail.text import shorten, width

_LABEL = 12
_FIELD = 9
# Findings of one rule and cause that are told whole, by their severity; the others are named.
_TOLD = {"critical": 5, "high": 3, "medium": 2}
_REASONS = 3
_NAMED = 6
_PLACES = 4
_LINES = 3
_PLACE_FIELDS = ("agent", "layer", "stream", "tool")
_AGENTS = 20
_NAME = 22
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Columns that a stretch of that unit takes.
_CELL = {"day": 1, "week": 4, "month": 4, "year": 5}


def lines(report: GapsReport, view: View) -> Iterator[Line]:
    """The report, line after line."""
    made = _Text(report, view)
    for part in (made.summary, made.causes, made.steps, made.coverage, made.heat, made.findings):
        yield from part()
    for part in (made.estimates, made.retention, made.waived, made.footnotes, made.not_checked):
        yield from part()


class _Text:
    def __init__(self, report: GapsReport, view: View) -> None:
        self.report, self.view = report, view
        self.words = Words(report, view)
        self.marks = self.words.marks

    def summary(self) -> Iterator[Line]:
        words = self.words
        yield [("What is missing", "head"), ("  ", ""), (words.period(), "bold")]
        worst = min((rank(gap.severity) for gap in self.report.gaps), default=None)
        style = "bold" if worst is None or worst > 1 else "bad"
        for part in wrap(words.verdict(), self.view.width):
            yield [(part, style)]
        yield []
        facts = (("held", words.held()), ("runs", words.runs()), ("told whole", words.complete()))
        for label, value in facts:
            yield from self._fact(label, value)
        for reason in words.reasons()[:_REASONS]:
            yield from self._fact("", f"- {reason}")

    def _fact(self, label: str, value: str) -> Iterator[Line]:
        for index, part in enumerate(wrap(value, self.view.width - _LABEL - 2)):
            yield [("  ", ""), (f"{label if index == 0 else '':<{_LABEL}}", "dim"), (part, "")]

    def _head(self, title: str, note: str = "") -> Iterator[Line]:
        yield []
        yield [(title, "bold"), (f"  {note}" if note else "", "dim")]

    def _table(self, made: tables.Table, *, first_style: bool = False) -> Iterator[Line]:
        columns = [
            Cells(
                title,
                [row[index] for row in made.rows],
                right=index in made.right,
                firm=0 if index in (0, len(made.titles) - 1) else 2,
            )
            for index, title in enumerate(made.titles)
        ]
        for number, line in enumerate(table(columns, self.view)):
            word = line[0][0].strip() if first_style and number > 1 and line else ""
            yield [(line[0][0], SEVERITY_STYLES[word]), *line[1:]] if word in SEVERITY_STYLES else line
        for note in made.notes:
            yield from ([(part, "dim")] for part in wrap(note, self.view.width))

    def causes(self) -> Iterator[Line]:
        made = tables.causes(self.words)
        if not made.rows:
            return
        yield from self._head("Why")
        # Agents are named below; what a cause means is worth more here.
        keep = (0, 1, 2, 3, 4, 6)
        rows = [tuple(row[index] for index in keep) for row in made.rows]
        yield from self._table(
            tables.Table(tuple(made.titles[index] for index in keep), rows, made.right), first_style=True
        )

    def steps(self) -> Iterator[Line]:
        steps = self.words.steps()
        if not steps:
            return
        yield from self._head("Do first")
        for number, step in enumerate(steps, 1):
            runs = f", {step.runs:,} {'run' if step.runs == 1 else 'runs'}" if step.runs else ""
            rules = ", ".join(self.words.clean(rule) for rule in step.rules)
            told = f"{self.words.clean(step.remedy)} [{rules}: {step.things:,} missing{runs}]"
            yield from self._item(f"{number}. ", told)

    def _item(self, mark: str, told: str, style: str = "", indent: int = 2) -> Iterator[Line]:
        for index, part in enumerate(wrap(told, self.view.width - indent - len(mark))):
            yield [(" " * indent + (mark if index == 0 else " " * len(mark)), "dim"), (part, style)]

    def coverage(self) -> Iterator[Line]:
        made = tables.coverage(self.words)
        if not made.rows:
            return
        yield from self._head("Coverage", "share of runs with records of a layer, least held first")
        yield from self._table(made)

    def heat(self) -> Iterator[Line]:
        names = {row.agent for row in self.report.days}
        wide = min(max((width(self.words.name(name)) for name in names), default=0), _NAME)
        room = self.view.width - wide - 4
        made = heats.fitting(self.report.days, {unit: max(room // _CELL[unit], 1) for unit in heats.UNITS})
        if not made.rows:
            return
        yield from self._head(f"Runs held, by the {made.unit}", "by the usual layer that is held least")
        for head in _axis(made):
            yield [(" " * (wide + 4) + head, "dim")]
        rows = sorted(made.rows, key=heats.least)
        for agent, cells in rows[:_AGENTS]:
            name = shorten(self.words.name(agent), wide, ellipsis=self.marks.ellipsis)
            yield [("  ", ""), (name + " " * (wide - width(name) + 2), ""), *self._cells(cells, made.unit)]
        if len(rows) > _AGENTS:
            yield [(f"  {len(rows) - _AGENTS:,} more agents that are held better: --format json or html", "dim")]
        full, none = ("\u2588", "\u00b7") if self.view.unicode else ("#", ".")
        legend = (
            f"{full} all runs, 9 to 0 tenths of the runs, {none} no run"
            if made.unit == "day"
            else f"per cent of the runs, {none} no run"
        )
        yield [(f"  {legend}", "dim")]

    def _cells(self, cells: Iterable[heats.Cell], unit: str) -> Line:
        made: Line = []
        for cell in cells:
            tenths = cell.tenths
            style = "dim" if tenths is None else "good" if tenths == 10 else "warn" if tenths >= 5 else "bad"
            if unit == "day":
                full, none = ("\u2588", "\u00b7") if self.view.unicode else ("#", ".")
                said = none if tenths is None else full if tenths == 10 else str(tenths)
            else:
                said = ("\u00b7" if self.view.unicode else ".") if cell.share is None else f"{int(cell.share * 100)}"
                said = f"{said:>{_CELL[unit] - 1}} "
            if made and made[-1][1] == style:
                made[-1] = (made[-1][0] + said, style)
            else:
                made.append((said, style))
        return made

    def estimates(self) -> Iterator[Line]:
        if not self.report.estimates:
            return
        yield from self._head("Estimates")
        for row in self.report.estimates:
            yield from self._item("- ", self.words.estimate(row))
            yield from self._item("  ", self.words.clean(row.meaning), "dim")
            yield from self._item("  ", f"{self.words.clean(row.method)}: {self.words.clean(row.evidence)}", "dim")

    def findings(self) -> Iterator[Line]:
        gaps = worst_first(self.report.gaps)
        if not gaps:
            return
        yield from self._head("Findings", "auditrail gaps --explain RULE tells more of a rule")
        for alike in _alike(gaps):
            yield []
            yield from self._group(alike)

    def _group(self, alike: list[Gap]) -> Iterator[Line]:
        """Findings of one rule, cause and remedy: what they share is said once."""
        first = alike[0]
        severity = self.words.clean(first.severity)
        many = f"  {len(alike):,} findings" if len(alike) > 1 else ""
        yield [
            (severity.upper(), SEVERITY_STYLES.get(first.severity, "bold")),
            ("  ", ""),
            (self.words.clean(first.rule), "bold"),
            (f"  {self.words.clean(first.cause)}, {self.words.clean(first.confidence)}{many}", "dim"),
        ]
        told = alike if not self.view.fold else alike[: _TOLD.get(first.severity, 1)]
        for number, gap in enumerate(told):
            yield from self._finding(gap, why=number == 0 or not self.view.fold)
        yield from self._others(alike, len(told))
        yield from self._field("proof", self.words.proof(first))
        if first.remedy:
            yield from self._field("change", self.words.clean(first.remedy), "good")
        if first.controls:
            yield from self._field(
                "asked by", "; ".join(self.words.clean(control) for control in first.controls), "dim"
            )

    def _finding(self, gap: Gap, *, why: bool) -> Iterator[Line]:
        """One finding; alike ones have the same explanation but for its numbers, which stand in the other lines."""
        words = self.words
        yield from self._item(f"{self.marks.missing} ", words.clean(gap.title), "bold")
        if gap.explanation and why:
            yield from self._field("why", words.clean(gap.explanation))
        yield from self._field("extent", words.extent(gap))
        about = words.about(gap)
        if about:
            yield from self._field("where", about)
        if gap.runs:
            yield from self._field("runs", words.runs_of(gap))
        places = _places(gap.evidence)
        shown = places[:_PLACES] if self.view.fold else places
        for index, (path, records, said) in enumerate(shown):
            note = f"  {words.clean(said)}" if said else ""
            where = f"{words.clean(path)}:{', '.join(map(str, records))}" if records else words.clean(path)
            yield from self._field("seen at" if index == 0 else "", f"{where}{note}")
        if len(shown) < len(places):
            yield from self._field("", f"and {len(places) - len(shown):,} more: --format json", "dim")
        for index, line in enumerate(gap.set_at[:_LINES] if self.view.fold else gap.set_at):
            told = f"{words.clean(line.path)}:{line.record}  {words.clean(line.note)}"
            yield from self._field("set at" if index == 0 else "", told, "warn")
        if self.view.fold and len(gap.set_at) > _LINES:
            yield from self._field("", f"and {len(gap.set_at) - _LINES:,} more lines: --format json", "dim")

    def _others(self, alike: list[Gap], told: int) -> Iterator[Line]:
        """Alike findings that are not told whole, by that in which they differ."""
        gaps = alike[told:]
        if not gaps:
            return
        differ = [name for name in _PLACE_FIELDS if len({getattr(gap, name) for gap in alike}) > 1]
        names = [" ".join(self.words.short(getattr(gap, name) or "-", 40) for name in differ) for gap in gaps]
        names = list(dict.fromkeys(name or self.words.clean(gap.title) for name, gap in zip(names, gaps, strict=True)))
        more = f"; and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        runs = len({run for gap in gaps for run in gap.runs})
        touched = f" in {runs:,} {'run' if runs == 1 else 'runs'}" if runs else ""
        missing = f"{sum(gap.count for gap in gaps):,} missing{touched}"
        told_by = f"{len(gaps):,} more like this, {missing} (--no-fold shows them)"
        yield from self._item(f"{self.marks.missing} ", f"{told_by}: {'; '.join(names[:_NAMED])}{more}")

    def _field(self, label: str, value: str, style: str = "") -> Iterator[Line]:
        for index, part in enumerate(wrap(value, self.view.width - 4 - _FIELD)):
            yield [("    ", ""), (f"{label if index == 0 else '':<{_FIELD}}", "dim"), (part, style)]

    def retention(self) -> Iterator[Line]:
        made = tables.retention(self.words)
        if made.rows:
            yield from self._head("Retention", "how far back the streams reach; no statement on law")
            yield from self._table(made)
        made = tables.fields(self.words)
        if made.rows:
            yield from self._head("Fields asked for", "records that carry what a clause asks for")
            yield from self._table(made)
        made = tables.deletions(self.words)
        if made.rows:
            yield from self._head("Will be deleted")
            yield from self._table(made)

    def waived(self) -> Iterator[Line]:
        expired = [row for row in self.report.waived if row.expired]
        valid = [row for row in self.report.waived if not row.expired]
        for title, rows, style in (("Expired waivers", expired, "warn"), ("Waived", valid, "")):
            if rows:
                yield from self._head(title, "of auditrail.toml")
                for row in rows:
                    yield from self._item("- ", self.words.waiver(row), style)

    def footnotes(self) -> Iterator[Line]:
        notes = self.words.footnotes()
        if notes:
            yield from self._head("Notes")
            for note in notes:
                yield from self._item("- ", note)

    def not_checked(self) -> Iterator[Line]:
        if self.report.not_checked:
            yield from self._head("Not checked")
            for sentence in self.report.not_checked:
                yield from self._item("- ", self.words.clean(sentence))


def _alike(gaps: list[Gap]) -> list[list[Gap]]:
    made: dict[tuple[object, ...], list[Gap]] = {}
    for gap in gaps:
        key = (gap.severity, gap.rule, gap.cause, gap.proof, gap.confidence, gap.remedy, gap.controls)
        made.setdefault(key, []).append(gap)
    return list(made.values())


def _places(evidence: Iterable[Evidence]) -> list[tuple[str, list[int], str]]:
    """Path, records and note: records of one file that show the same stand together."""
    made: dict[tuple[str, str, bool], list[int]] = {}
    for place in evidence:
        records = made.setdefault((place.path, place.note, place.record is None), [])
        if place.record is not None:
            records.append(place.record)
    return [(path, records, note) for (path, note, _), records in made.items()]


def _axis(made: heats.Heat) -> list[str]:
    """Months over the columns, and days of the month under them where a column is a week."""
    if made.unit == "year":
        return ["".join(f"{start[:4]} " for start in made.columns)]
    wide = _CELL[made.unit]
    top = [" "] * (len(made.columns) * wide + 4)
    shown, free = "", 0
    for index, start in enumerate(made.columns):
        month = start[:7]
        at = index * wide
        if month != shown and at >= free:
            label = _MONTHS[int(start[5:7]) - 1]
            if made.unit == "month" and start[5:7] == "01":
                label = start[:4][2:] + "'"
            top[at : at + len(label)] = label
            free = at + len(label) + 1
            shown = month
    heads = ["".join(top).rstrip()]
    if made.unit == "week":
        heads.append("".join(f" {start[8:]} " for start in made.columns).rstrip())
    return heads
