"""auditrail: reconstruct AI-agent runs from scattered logs, and prove what is missing and why.

How data flows (each arrow is a folder; imports go down this list only, a test checks it):

- `model`, `errors`: the rows every part speaks of, and the one tree of errors.
- `text`, `times`, `jsontext`, `digest`: small pure helpers for hostile text, time, JSON and hashes.
- `containers`: bytes as found -> records with number, byte offset, length and blake3.
- `readers`: one module per format; the bytes of a record -> events, or a reason why not.
- `chains`: one TOML file per hash-chain format; `verify`: raw bytes -> verdicts on chains and signatures, no case.
- `ingest`: finds the inputs (files, members of archives, objects of remote stores), chooses the reader, accounts for
  every record, and writes Arrow batches into the case.
- `case`: one DuckDB file; opened read-only unless a load is under way.
- `correlate`: ids -> runs, each join with its key and its confidence.
- `report`: one typed result object per command.
- `watch`: follows logs while they are written, and raises alerts: one module per rule, one per action.
- `outputs`: one module per output format; sees only report objects.
- `cli`: one module per command; the one place that prints and exits.

Nothing is imported here, so that `auditrail --help` starts at once.
"""

__version__ = "0.1.0"
