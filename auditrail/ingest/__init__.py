"""Ingest: files -> records -> events in the case, with every record accounted for.

- `inputs`: what the paths on the command line name, in a fixed order.
- `choose`: which reader reads a source, and why.
- `plain`: one source -> batches of rows, record by record; pure, without the case.
- `unwrap`: messages inside wrappers, sniffed and read in turn.
- `rows`: events -> rows -> Arrow batches.
- `fast_*`: vectorised twins of the hot readers, held to the rows of `plain`.
- `streams`: a source on its way in: its name, its first bytes, how far it was read.
- `ledger`: what the case knows of its sources during a load, and the transaction that small sources share.
- `load`: new, unchanged, grown and changed sources, each whole or not at all.
"""
