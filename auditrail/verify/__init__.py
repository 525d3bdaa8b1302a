"""Verification of tamper-evident logs: raw bytes -> verdicts. Knows no database and loads no engine.

How a call goes (`engine.run` is the entry; the command line adds nothing but options and printing):

1. `evidence`: the paths become `Evidence`: a file with its first bytes, decompressed; archives are unpacked beside.
2. `kinds`: ONE FILE = ONE KIND of protected evidence. Each kind looks at each file and claims it or not; the highest
   claim wins. A kind gets all the files it won, in order, and returns `types.Result`s. See `kinds/__init__`.
3. `types.VerificationReport` holds the results; `auditrail.outputs` renders it.

The kind `profile_chain` walks the logs that a profile in `auditrail.chains` describes:

- `profile` loads and checks a profile; `plan` compiles it: record -> pre-image -> hash.
- `parse` reads a record exactly (duplicate keys, big integers, half characters); `canon` writes it again as the
  producer did. `records` cuts a file into records with number and offset.
- `detect` finds the profile that reproduces a log's hashes; `infer` searches the vocabulary for one.
- `walk` goes through the records (the numbered algorithm); `segments` and `diagnose` tell what happened where links do
  not fit. `fast` checks clean logs at the speed of the hash, in several processes.
- `keys`, `signatures`: keys that were given, and signatures under them. `anchors`: what is known from outside.
"""
