"""Seals: what makes a log tamper-evident. A sidecar beside any log, or a log that is sealed as it is written.

- `leaves`: content -> leaf hashes and roots of tiles, in bounded memory and on two processes.
- `cutting`: where the records of a log end: lines, the records of its format, or chunks of its bytes.
- `statement`: what a seal says of a log, as the extension lines of a signed checkpoint.
- `sidecar`: the file `LOG.seal`: read, and written whole or not at all.
- `make`: seals a log, seals it again after it grew, has a seal cosigned. `check`: holds a log to its seal;
  `compare`: names the records that changed. `proving`: a proof of one record, for someone who has not the log.
- `keys`: key files. `stamps`: times by a time-stamping authority (RFC 3161).
- `log`: `SealedLog`, for programs; `handler` and `otel` write to it.

The format is written down in `docs/seal.md`, with test vectors in `fixtures/seal`.
Nothing is imported here but what a program asks for by name.
"""
