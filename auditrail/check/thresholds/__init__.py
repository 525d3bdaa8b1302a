"""Thresholds of `[check.thresholds]`: ONE FILE = ONE THRESHOLD; the folder is the registry.

A threshold module has

    NAME: str                  as in `auditrail.toml`
    TITLE: str                 one line: what is measured
    REMEDY: str                what to do when it is not met
    EXAMPLE: str               a value in TOML, for `auditrail init`
    def read(value, key) -> Any          the value, checked; raises ConfigError
    def judge(value, evidence) -> Check  `evidence` is `judging.Evidence`

What cannot be measured (no run, no call, nothing verified) is `inconclusive`, never passed.
"""
