"""Lint rules: ONE FILE = ONE RULE; the folder is the registry. Rules of variables stand in `lint/variables`.

A rule module has

    ID: str                     the file's name with `-` for `_`; its fixtures' folder; the key in auditrail.toml
    TITLE: str                  what it finds, as one short sentence
    SEVERITY, CONFIDENCE, CAUSE from the closed lists of gaps (`auditrail.gaps.terms`)
    KINDS: tuple[str, ...]      kinds of configuration that it looks at (`auditrail.lint.kinds`)
    CONTROLS: tuple[str, ...]   clauses of frameworks that ask for what goes missing
    EXPLAIN, EXAMPLE, REMEDY    for a person: what happens and why, the lines that do it, what to change
    CAUSES_GAPS = ()            optional: ids of gap rules (`auditrail.rules`) that see in the evidence what this does
    FORMATS = ()                optional: readers whose streams it touches; none: all
    PARAMS = {}                 optional: name -> default number; read them with `context.param(ID, name)`
    def check(config, context) -> Iterator[Hit]
        Called for each configuration of its kinds. `context` knows all others (`context.configs(kind)`), the frameworks
        that were named, and what a case holds.

A rule speaks of what a setting will do, and of nothing that it does not know: a value that comes from the environment
or from a template is let be, and so is a component that no pipeline uses. A message is a sentence with the facts of
the line; `change` is what to write.

Fixtures: `fixtures/lint/<id>/` with files (or folders) `hit*`, `clean*` and `lookalike*`; see
`tests/conformance/test_lint_rules.py`.
"""
