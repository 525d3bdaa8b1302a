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
from auditrail.report.types import Gap
from auditrail.text import shorten, width

_LABEL = 12
_FIELD = 9
# Findings of one rule and cause that are told whole; the others are named.
_TOLD = 3
_NAMED = 6
_AGENTS = 20
_NAME = 22
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Columns that a stretch of that unit takes.
_CELL = {"day": 1, "week": 4, "month": 4, "year": 5}


def lines(report: GapsReport, view: View) -> Iterator[Line]:
    """The report, line after line."""
    made = _Text(report, view)
    for part in (made.summary, made.causes, made.steps, made.coverage, made.heat, made.estimates, made.findings):
        yield from part()
    for part in (made.retention, made.waived, made.footnotes, made.not_checked):
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
        for reason in words.reasons()[:_TOLD]:
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
        yield from self._head(f"Runs held, by the {made.unit}", "the layer held least counts")
        for head in _axis(made):
            yield [(" " * (wide + 4) + head, "dim")]
        rows = sorted(made.rows, key=lambda row: (_least(row[1]), row[0] is None, row[0] or ""))
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
        told = alike if not self.view.fold else alike[:_TOLD]
        for gap in told:
            yield from self._finding(gap)
        yield from self._others(alike[len(told) :])
        yield from self._field("proof", self.words.proof(first))
        if first.remedy:
            yield from self._field("change", self.words.clean(first.remedy), "good")
        if first.controls:
            yield from self._field(
                "asked by", "; ".join(self.words.clean(control) for control in first.controls), "dim"
            )

    def _finding(self, gap: Gap) -> Iterator[Line]:
        words = self.words
        yield from self._item(f"{self.marks.missing} ", words.clean(gap.title), "bold")
        if gap.explanation:
            yield from self._field("why", words.clean(gap.explanation))
        yield from self._field("extent", words.extent(gap))
        about = words.about(gap)
        if about:
            yield from self._field("where", about)
        if gap.runs:
            yield from self._field("runs", words.runs_of(gap))
        for index, place in enumerate(gap.evidence):
            note = f"  {words.clean(place.note)}" if place.note else ""
            yield from self._field("seen at" if index == 0 else "", f"{words.place(place.path, place.record)}{note}")

    def _others(self, gaps: list[Gap]) -> Iterator[Line]:
        if not gaps:
            return
        names = list(dict.fromkeys(self.words.about(gap) or self.words.clean(gap.title) for gap in gaps))
        more = f"; and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        runs = len({run for gap in gaps for run in gap.runs})
        touched = f" in {runs:,} {'run' if runs == 1 else 'runs'}" if runs else ""
        missing = f"{sum(gap.count for gap in gaps):,} missing{touched}"
        told = f"{len(gaps):,} more like this, {missing} (--no-fold shows them): {'; '.join(names[:_NAMED])}{more}"
        yield from self._item(f"{self.marks.missing} ", told)

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


def _least(cells: tuple[heats.Cell, ...]) -> float:
    """The share of runs held over all columns: orders the rows, the least first."""
    expected = sum(cell.expected for cell in cells)
    return sum(cell.seen for cell in cells) / expected if expected else 1.0


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
