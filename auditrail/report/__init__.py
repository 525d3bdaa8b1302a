"""Reports: what each command found, as typed objects. Outputs turn them into text, JSON and tables.

- `types`: the objects. `Reconstruction` (one run), `Comparison` (two runs), `Listing` (a table, for everything else).
- `lookup`: an id or prefix -> one run.
- `events`: events of the case, read by their keys. `grading`: how complete many runs are.
- `reconstruction`, with `tree` (what stands under what), `skew` (whose clock is off) and `marks` (what is missing).
- `steps`: a run -> what it did, once each. `diff`: two runs, step by step.
- `gaps`: what is missing; `overview`: the same with the runs, the trend, the sources and their verdicts beside it.
- `listings`: runs, sources, formats, schema, the result of a load, the result of a query.

Reports are made from the case by SQL with bound values; they hold no open connection.
"""
