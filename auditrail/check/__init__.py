"""Checks for every change: frozen incidents, thresholds over logs, and the configuration; one summary for a job.

- `loading`: a folder of evidence -> a case in memory, verified, by the same loader as every command.
- `found`: what reconstruction, gaps and verification find in it, as plain values that can be compared.
- `frozen`: a frozen incident (a folder with `expected.json`): finds it again, and says what differs.
- `thresholds/`: ONE FILE = ONE THRESHOLD of `[check]` in `auditrail.toml`; `configured` reads that table.
- `configuration`: lint over the configuration, where it is there.

Nothing is imported here.
"""
