"""Configuration checks: which audit gap will a setting cause, before a record is lost.

The way of a file: `walk` finds it and looks for words that some kind of configuration needs (cheap, on bytes);
`documents` reads it with the parser of its syntax into nodes that know line and column; `kinds` says what it
configures; `rules` look at it; `engine` does all this, and `waivers` and `configured` are what a user decides.

    syntax/      ONE FILE = ONE SYNTAX (YAML, JSON, TOML, HCL, environment files, shell, Dockerfile)
    kinds/       ONE FILE = ONE KIND of configuration (a Collector's, an environment)
    rules/       ONE FILE = ONE RULE
    variables/   ONE FILE = ONE ENVIRONMENT VARIABLE, in TOML: each is a rule, too

Nothing here knows of DuckDB: what a case holds comes in as `evidence.Evidence`.
"""
