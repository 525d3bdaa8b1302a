"""Chain profiles: ONE FILE = ONE PROFILE (TOML, closed vocabulary, no code); the folder is the registry.

A profile says how one producer makes its log tamper-evident: which records, which bytes are hashed in which form, how
a record names the one before it, where a chain begins, what is signed, and what all that leaves open. The vocabulary
is described in `auditrail.verify.profile`, which loads and checks the files; an unknown key is an error that names it.
A new profile is one file here and one folder in `fixtures/chains/`. A user's own profile is a file of the same form
(`--profile FILE`), or a table `[[chain]]` in `auditrail.toml`.
"""
