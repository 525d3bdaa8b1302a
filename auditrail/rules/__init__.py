"""Gap rules: ONE FILE = ONE RULE, `<id>.sql`; the folder is the registry, and `fixtures/rules/<id>/` proves the rule.

A file is a header of comments and one SELECT:

    -- id: run-without-end                 the name of the file
    -- title: A run began and never ended  for lists of rules
    -- severity: high                      critical, high, medium, low
    -- confidence: strong                  proven, strong, weak
    -- cause: crash                        the default of its rows; see `gaps.terms.CAUSES`
    -- evidence: counted                   what the cause rests on: declared, cross-witness, counted, statistical, none
    -- scope: record                       what is missing: run, stream, record, content, source
    -- facts: run_facts                    fact tables that the SELECT reads, comma-separated (`gaps.facts`)
    -- layers: tool, policy                optional: without records of these layers the rule cannot judge
    -- columns: seq                        optional: at least one of these columns of `events` holds something
    -- controls: NIST 800-53 AU-12; ...    clauses that ask for what is missing, separated by semicolons
    -- params: bound_ns=1000000            optional: whole numbers that `[gaps.rules.<id>]` in auditrail.toml may set
    -- says: {agent}: ...                  title of a finding; {agent} {stream} {tool} {layer} {count} {runs} {detail}
    -- explains: ...                       its explanation, with the same fields
    -- risk: ...                           what can go wrong where this is missing
    -- example: ...                        one, in words
    -- remedy: ...                         what to change so that it does not happen again
    -- remedy.otlp: ...                    optional, for one format: names the producer's own setting
    --     four blanks go on with the line before

    SELECT ... AS run, ... AS what, ... FROM ...

The columns are those of `gaps.terms.FINDING`; `what` must be there, all others may. Parameters are read with
`(SELECT value FROM params WHERE name = '<id>.<name>')`. The text runs on DuckDB and on Spark, untranslated, and gives
the same rows, so a test holds it to a dialect:

- functions: count sum min max avg coalesce nullif abs greatest least length replace trim substring (from 1 on),
  row_number rank dense_rank lag lead, and FILTER;
- casts to BIGINT, DOUBLE, BOOLEAN and STRING only (not VARCHAR), never from a fraction to a whole number;
- text is put together with ||; no LIKE escapes, regular expressions, lower(), lists, structs, JSON, dates or
  timestamps;
- no double quotes around names, no QUALIFY, no integer division, no LIMIT without ORDER BY; every ORDER BY (in windows,
  too) names NULLS FIRST or NULLS LAST and ends in a unique key.

What needs more than that (a regular expression, a text in lower case, a statistic) is the work of a reader or of
a fact.
"""
