"""Coverage in a document: the heat map of agent x layer x day, the table behind it, and the trend by week."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from auditrail.outputs import _gaps_heat as heats
from auditrail.outputs import _gaps_tables as tables
from auditrail.outputs._gaps_words import LAYERS, Words, share
from auditrail.outputs._pdf import strips
from auditrail.outputs._pdf.blocks import Block, Chart, Column, Heading, Strip, Table, Text
from auditrail.report.overview_types import Overview

# Rows of the map on the pages, and columns that can still be told apart on them.
ROWS, LAYERS_SHOWN, FURTHER, AGENTS = 96, 8, 60, 60
_ROOM = {"day": 100, "week": 80, "month": 80, "year": 60}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LACKS_NAMED = 4
# Pale is whole, dark is in pieces: see `strips`.
_GRADES = (("complete", "#9ecae1"), ("partial", "#fc8d59"), ("fragment", "#5f0000"))
_WEEKS = 105
_FEW = 7


def blocks(overview: Overview, words: Words) -> Iterator[Block]:
    """The part on coverage."""
    days = overview.gaps.days
    yield Heading("Coverage: agent, layer, day")
    if not days:
        yield Text("No run of this period has a day and a layer.")
        return
    made = heats.fitting(days, _ROOM)
    yield Text(
        f"Each cell is a {made.unit}: of the runs that an agent began then, those of which the layer holds a record. "
        "The agents of which least is held come first. Dark cells lack records; white ones had no run."
    )
    agents = [agent for agent, _ in sorted(made.rows, key=heats.least)]
    chart, shown = _map(overview, made, agents, words)
    yield chart
    if agents[shown:]:
        yield Heading("Further agents: the layer that is held least", 2)
        yield _short_map(made, agents[shown:], words)
    table = tables.coverage(words, AGENTS)
    yield Heading("The same in numbers", 2)
    yield Text("Share of the runs of an agent that have records of each layer, and of the calls whose arguments can be "
               "read.", quiet=True)  # fmt: skip
    left = len({row.agent for row in overview.gaps.coverage}) - AGENTS
    silent = [note for note in table.notes if "--format" not in note]
    yield Table(
        [Column(title, 2.4 if at == 0 else 1, "number" if at in table.right else "text")
         for at, title in enumerate(table.titles)],
        table.rows,
        [*silent, *([f"and {left:,} more agents, of which a larger share is held"] if left > 0 else [])],
    )  # fmt: skip


def _map(overview: Overview, made: heats.Heat, agents: list[str | None], words: Words) -> tuple[Chart, int]:
    """The map of as many agents as the pages have room for, and how many that are."""
    days = overview.gaps.days
    known = {cell.layer for cell in days}
    layers = [*(layer for layer in LAYERS if layer in known), *sorted(known - set(LAYERS))][:LAYERS_SHOWN]
    by_layer = {}
    for layer in layers:
        of_layer = heats.heat(days, made.unit, layer, filled=False)
        by_layer[layer] = {agent: dict(zip(of_layer.columns, cells, strict=True)) for agent, cells in of_layer.rows}
    rows: list[Strip] = []
    shown = 0
    for agent in agents:
        mine = [layer for layer in layers if agent in by_layer[layer]]
        if len(rows) + len(mine) > ROWS:
            break
        shown += 1
        rows += [_strip(agent, layer, by_layer[layer][agent], made, words) for layer in mine]
    return Chart(_axis(made.columns, made.unit), rows, strips.LEGEND), shown


def _short_map(made: heats.Heat, agents: list[str | None], words: Words) -> Chart:
    """One row for each agent."""
    held = dict(made.rows)
    rows = [
        _strip(agent, "", dict(zip(made.columns, held[agent], strict=True)), made, words) for agent in agents[:FURTHER]
    ]
    left = len(agents) - FURTHER
    notes = (f"and {left:,} more agents, of which a larger share is held",) if left > 0 else ()
    return Chart(_axis(made.columns, made.unit), rows, strips.LEGEND, notes=notes)


def _strip(agent: str | None, layer: str, held: dict[str, heats.Cell], made: heats.Heat, words: Words) -> Strip:
    cells = [held.get(start, heats.NOTHING) for start in made.columns]
    expected, seen = sum(cell.expected for cell in cells), sum(cell.seen for cell in cells)
    lacking = [start for start, cell in zip(made.columns, cells, strict=True) if cell.tenths not in (None, 10)]
    name = words.short(words.name(agent), 34)
    said = f"{name}, {layer or 'layer held least'}: a record of it in {seen:,} of {expected:,} runs"
    if lacking:
        named = ", ".join(lacking[:_LACKS_NAMED])
        more = f" and {len(lacking) - _LACKS_NAMED:,} more" if len(lacking) > _LACKS_NAMED else ""
        said += f"; not in all of {named}{more}"
    return Strip(name, words.short(layer, 16), strips.cells([strips.shade(cell.tenths) for cell in cells]), said,
                 share(seen, expected))  # fmt: skip


def _axis(columns: tuple[str, ...], unit: str) -> list[tuple[str, int]]:
    """Months over days and weeks, years over months; a name only where there is room for it. Few columns: each one."""
    if len(columns) <= _FEW:
        return [
            (start if unit in ("day", "week") else start[:7] if unit == "month" else start[:4], 1) for start in columns
        ]
    spans: list[tuple[str, int]] = []
    for start in columns:
        name = start[:4] if unit in ("month", "year") else f"{_MONTHS[date.fromisoformat(start).month - 1]} {start[:4]}"
        if spans and spans[-1][0] == name:
            spans[-1] = (name, spans[-1][1] + 1)
        else:
            spans.append((name, 1))
    return [(name if 12 * span >= len(columns) else "", span) for name, span in spans]


def trend(overview: Overview) -> Iterator[Block]:
    """Runs by week and grade."""
    weeks = [week for week in overview.weeks if week.start is not None][-_WEEKS:]
    if len(weeks) < 2:
        return
    yield Heading("Runs by week", 2)
    stacks = [(week.complete, week.partial, week.fragment) for week in weeks]
    starts = tuple(week.start for week in weeks if week.start is not None)
    highest = max(week.runs for week in weeks)
    told = "; ".join(f"{week.start}: {week.complete:,} of {week.runs:,} complete" for week in weeks[-14:])
    more = f" (the last 14 of {len(weeks):,} weeks)" if len(weeks) > 14 else ""
    svg = strips.columns(stacks, [colour for _, colour in _GRADES])
    strip = Strip("runs", f"0 to {highest:,}", svg, f"Runs by week{more}: {told}")
    yield Chart(_axis(starts, "week"), (strip,), tuple((colour, grade) for grade, colour in _GRADES), height=22)
