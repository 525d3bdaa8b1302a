"""`auditrail watch`: follows logs while they are written, and raises alerts. Changes nothing by itself.

How a record goes (`engine.Engine.step` is one round):

1. `follow` knows the files: it finds new ones, sees rotation, truncation and renaming, and recognises by `marks` what
   was read already. `wake` says when it is worth looking. `log` is one file, `pipe` standard input.
2. `feed` cuts what a log gives into whole records and reads them by the reader that ingest would take.
3. `eventtime` tells what time it is in the logs: rules wait by it, so that a replay judges as a live watch does.
4. `rules`: ONE FILE = ONE RULE. Each keeps a small state of its own, bounded (`bounded`), and tells of alerts.
   `own` are the rules that a user writes in `auditrail.toml`.
5. `journal`: an alert is on the disk, in a sealed log, before anything is done about it. Its id is made of what it is
   about, so that reading the same records again after a crash finds it there.
6. `actions`: ONE FILE = ONE ACTION; `delivery` gives each a thread and a bounded queue, so that none holds up the rest.
7. `state`: where reading goes on after a restart, and what the rules remember, written atomically.

Time is injected (`clock`): tests wait for nothing. Neither DuckDB nor Arrow is loaded.
"""
