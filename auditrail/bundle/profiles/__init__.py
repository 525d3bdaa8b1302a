"""Framework profiles: ONE FILE = ONE PROFILE; the folder is the registry, and a profile's name is its file's.

A profile says which fields and periods a framework asks for. It is a reading aid, no legal advice, and nothing that is
made of it says that anybody complies. A file has

    title = "…"
    framework = "…"          its name in `gaps/data/frameworks.toml`, where the periods stand
    as_of = 2026-11-25       the day of the last change of a fact
    notes = ["…"]            what a reader must know before anything else
    [[ask]]                  one or more, in the order of the framework
    clause = "…"             where it stands
    says = "…"               what it asks for, in own words
    read = true              whether that was read in the text or a law firm's account of it; false: general knowledge
    fields = ["…"]           names of `bundle.profile_fields`; or, where no log that is known here holds it:
    absent = "…"             why; `fields` may stand beside it, for the part that logs do hold
    when = "…"               optional: for whom or when it is asked
    [[period]]               a clause of the framework that names how long records are kept
    clause = "…"             as in `gaps/data/frameworks.toml`
    read = true
"""
