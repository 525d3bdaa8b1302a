"""Outputs: ONE FILE = ONE OUTPUT FORMAT; the folder is the registry. An output sees only report objects.

An output module has

    NAME: str                 as in `--format NAME`
    EXTENSION: str            of a file that holds it
    RAW: bool = False         optional: True asks for the raw records of a run (`report.raw`), which are read back
    REPORTS: tuple[str, ...] = ()   optional: kinds of reports that the format can hold, by `report.kind`; blank: all
    def render(report: Report, view: View) -> Iterator[str]
        The document in pieces of text; joined, it ends in a newline. The same report and view give the same text,
        byte for byte. Text from logs is neutralised for the medium (`auditrail.text`).

What shares its making among outputs stands in modules with an underscore: `_gaps*` for reports of gaps, `_findings` for
the neutral findings of JUnit and SARIF, which a kind of report gives by `findings(report)` in its module `_<kind>`.

`View` (in `_view`) says how a person wants to see it: width, colour, zone, how much of the content, which part.
"""
