"""Parts of a bundle: ONE FILE = ONE PART; the folder is the registry. A part makes one or several files of the bundle.

A part module has

    NAME: str          its name, with `-` for `_` of the module's own
    ORDER: int = 50    optional: parts are made in this order, and by name among equals (the README is the last)
    def wanted(context: Context) -> bool          optional: whether it is made at all
    def make(context: Context) -> Iterator[tuple[str, bytes | Path]]
        The files: path in the bundle (see `bundle.format.unsafe`), and its bytes, or a temporary file that has them.
        Such a file lies in `context.folder` (`context.new(name)`) and is moved, so the part lets go of it. What is
        large comes as a file. The same case and wishes give the same bytes: no clock, no order left to chance.

`Context` (in `bundle.context`) says what a part may use. A part never reads the case past `scope_runs` and
`scope_events`, but for sources, verdicts and quarantine, which are always whole.
"""
