"""Standard forms of the events of a bundle: ONE FILE = ONE FORM; the folder is the registry.

A form module has

    NAME: str          as in `--records NAME`
    def write(context: Context, converter: Connection, events: Path) -> Iterator[tuple[str, Path]]
        The files, as a part gives them (`bundle.parts`): `records/events.<name>.jsonl`. `events` is the finished
        `records/events.parquet`, and `converter` an engine that may read it.

`_lines` writes forms in which each event is one JSON object, made by the engine; such a form is one SQL expression.
"""
