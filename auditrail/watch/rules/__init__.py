"""Alert rules: ONE FILE = ONE RULE, and the folder is the registry: a module without a leading underscore is a rule.

A rule module has:

    NAME: str          the id, as in alerts and `auditrail.toml`; equals the module's name with `-` for `_`
    TITLE: str         one line for a person
    SEVERITY: str      info, low, medium, high or critical; `severity = ...` of the configuration overrides it
    EXPLAIN: str       what it means, what it takes to judge, and what to do
    SETTINGS: dict     parameters with their defaults; `[watch.rules.<NAME>]` may set these, and no others
    class Watching(rule.Rule)     the state and the judgement

`see` is called for each event whose kind is in `kinds`, in the order of reading: files are read beside each other, so
the end of something may come before its begin. A rule remembers both. What it waits for, it measures by the time of
the logs (`seen.ts`, `tick`), never by a clock of its own. All memory is bounded (`bounded`), and what `save` gives is
plain.

A rule that judges by habit (results usually come, runs usually end) says nothing until it has seen the habit: of a
stream that never records results, each missing one proves nothing.

The key of a finding is made of ids, names, numbers and times of the logs, so that the same evidence gives the same
alert id, in whatever order it is read, and again after a crash.
"""
