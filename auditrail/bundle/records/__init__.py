"""Standard forms of the events of a bundle: ONE FILE = ONE FORM; the folder is the registry.

A form module has

    NAME: str          as in `--records NAME`
    def write(context: Context) -> Iterator[tuple[str, Path]]
        The files, as a part gives them (`bundle.parts`): `records/events.<name>.jsonl`, one line for each event of the
        scope, in the order of `records/events.parquet`.
"""
