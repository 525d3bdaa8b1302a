"""Readers: ONE FILE = ONE FORMAT, and the folder is the registry: a module without a leading underscore is a reader.

A reader module has these attributes (a conformance test checks them; types in `_contract`):

    NAME: str            as in `auditrail formats`; equals the module name with `-` for `_`
    TITLE: str           one line for a person
    LAYER: str           the layer of its events where a record does not say
    TESTED_ON: str       what it was tested on: `real files of ...` or `documentation only: ...`
    NEVER_RECORDS: str   what this format cannot record, one sentence (known blind spots)
    IDS: tuple[str, ...] kinds of ids (`terms.ID_KINDS`) that its records can carry
    CAPTURES: dict[str, str]  what its producer writes, for every facet of `_contract.FACETS`: see there
    ARRAYS: tuple[str, ...] = ()      optional: members of a top-level object whose elements are the records;
                                      `hits.hits` is the member `hits` of the member `hits`
    INPUT: str = "json"               optional: "text" for formats whose records are not JSON: `value` is then bytes
    PREFIXES: tuple[bytes, ...] = ()  optional, text only: how a message inside a wrapper begins that may be of this
                                      format (`CEF:`); `sniff` then decides
    LINES: bool = False               optional: True forces one record per line, whatever the content looks like

    def sniff(head: Head) -> float
        0.0 = not mine; up to 1.0 = certainly. Content only, never the name. Scores: 0.95 a key that only this
        format has; 0.8 several keys together; 0.2 generic fallback.
    def read(value, record: Record, *, origin: Origin = NOWHERE) -> Reading
        One parsed record -> a list of its events; `Ignored` when the format defines that it is none; `Inner` when it
        wraps a message of another format, which is then sniffed and read in turn (events and messages may stand in
        one list). Pure and picklable: no state, no clock, no environment, no DuckDB. Raises `RecordError` for a
        record that breaks the format; an unknown but well-formed record is kept as one `log` event. It never
        invents: what is not there stays None.
        `origin` (optional in the signature, `_scope.Origin`) is where the record comes from: for formats that keep
        ids in the names of files and folders, and to name runs that have no id of their own.
    def close(wrapper: Wrapper) -> list[tuple[str, str]]      optional: (code, detail) evidence at a wrapper's end
    class Assembler                   optional: joins records that hold parts of one message; see `_contract`
    class Watcher                     optional: evidence that only all records together give; see `_contract`

Fields of an event that have no column go to `attributes`; nothing of a record is dropped. Facts are in each module's
docstring, with where they were read. Fixtures: `fixtures/readers/<NAME>/<case>/`, see tests/conformance.
"""
