"""Containers: the bytes of a source -> records, each with number, byte offset, length and blake3.

- `compression`: opens a file of any compression (Parquet included) by its magic bytes, bounded in what it expands to.
- `archives`: the members of a zip or tar file, each to be read as a source of its own.
- `framing`: looks at the head of the bytes and tells how records are divided (`Head`).
- `splitting`: cuts the stream into `Record`s: lines, JSON values, arrays inside wrapper objects, length prefixes, rows
  of tables (`table`).
- `parquet`: the rows of a Parquet file as JSON lines; `wire`: the fields of a message of Protocol Buffers.
- `limits`: every limit, named, with its reason.

Offsets are always offsets in the decompressed bytes. A damaged record costs that record only.
Nothing here knows a log format; a reader says only which array of a wrapper object holds its records.
"""
