"""The evidence bundle: what `auditrail export` hands over, as a folder or a ZIP, and what `auditrail verify` checks.

`format` says what stands in it: pure functions and records that the writer and the verification share. It knows no
case, so the verification, which loads no engine, may use it. Everything else here makes bundles: it reads a case
through `report` and writes through `outputs`.
"""
