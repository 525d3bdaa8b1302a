"""Which streams a run lacks, and why: the statistics behind the facts `missing_streams`, `samplers` and `silences`.

    grid        runs and streams as arrays: who has what, when, and how much
    names       whose run it is where no record names the agent
    expect      what a run should have: the agent's habit, what the run did, what the stream covers
    randomness  the numbers that samplers compute from trace ids
    thresholds  whether the kept and the missing trace ids lie on two sides of one value
    silence     times without a record of a stream, measured by what the others wrote meanwhile
    within      lines without an id inside the calls of an agent
    signals     spans and log records that share a stream's name
    fragments   records of a stream that stand in no run, or in a run of their own

Nothing here knows why a rule wants it; the decision between causes is `gaps.facts.absences`.
"""
