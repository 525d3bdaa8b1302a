"""Environment variables: ONE FILE = ONE VARIABLE (or one family of alike ones), in TOML; each file is a lint rule.

    title, severity, confidence, cause, explain, example, remedy      as in `auditrail.lint.rules`
    controls = [...]          clauses of frameworks that ask for what goes missing
    names = [...]             the variables; more than one only where they mean the same
    causes_gaps = [...]       ids of gap rules that see what this setting does (optional)
    formats = [...]           readers whose streams it touches (optional: all)
    fields = [...]            what it removes: `args`, `result`, `messages` (optional)

    [[when]]                  any number of these; the first that fits a value makes the finding
    is = "false"              one of: is (truth value), in (list of texts, in any case), not_in, below (a number),
                              above, matches (a regular expression on the whole value), blank (true), set (true)
    message = "..."           says what happens; {name}, {value}; a sentence with the fact
    change = "..."            what to write instead
    severity, confidence      optional, for this value only
    with = { OTHER = "text" } optional: only if these are set so in the same scope, too ("*": to anything)
    without = ["OTHER"]       optional: only if these are not set in the same scope

    [[absent]]                any number of these; the variable is not set at all
    when = ["OTHER", ...]     and one of these is set in the same scope, which shows that it would matter
    when_matches = { OTHER = "regular expression" }      optional instead
    message, change           as above

File names are the rules' ids: `otel-traces-sampler` for OTEL_TRACES_SAMPLER.
"""
