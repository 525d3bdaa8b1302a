"""Every limit on hostile input, with its reason. Each can be raised on the command line where a user may need it."""

from __future__ import annotations

# Enough to see several records of any format; readers are chosen on this much.
HEAD_BYTES = 1 << 20

# A record longer than this is hashed and quarantined, not held in memory (`--max-record`). Twice the largest
# single record seen in practice (a 50 MB line of a transcript with attachments).
MAX_RECORD = 128 << 20

# Nesting beyond this is refused. orjson reads 1024 levels but writes only 254, and readers recurse over what it
# returns: some take two frames of Python's 1000 for one level.
MAX_DEPTH = 250

# A compressed source may grow by this factor once it has grown past EXPANSION_FLOOR (`--max-expansion`).
# gzip cannot exceed 1032:1; logs of one repeated line reach some hundreds.
MAX_EXPANSION = 400
EXPANSION_FLOOR = 256 << 20

# A wrapper object up to this size is read to its end before its elements are handed out, so that members behind
# the array (log group, log stream) are known to all of them.
WRAPPER_BUFFER = 32 << 20

# A header member of a wrapper object longer than this is not kept (its name is).
HEADER_VALUE = 1 << 20

# How much of a quarantined record is kept in the case; the rest is found in the source by offset and length.
QUARANTINE_HEAD = 256

# An xz stream may ask for this much memory for its dictionary: `xz -9` needs 65 MiB, a hostile one asks for 4 GiB.
XZ_MEMORY = 256 << 20

# An archive with more members than this is read up to here: every member costs a transaction and a row.
MEMBERS = 100_000

# A tar header that is longer than this (a long name, pax attributes) is not held in memory, and so not followed.
TAR_HEADER = 1 << 20

# An archive may lie inside another one; one inside that is named and not opened.
ARCHIVE_LEVELS = 2
