"""Redaction: contents are replaced by salted commitments before anything is written.

    policy     what is withheld: TOML, strictly checked; `policies/`: ONE FILE = ONE READY POLICY
    detectors  e-mail, IBAN, card, phone, secrets, homes in paths: what is withheld inside of texts
    commit     salts, commitments, keys, disclosures: standard library alone
    fields     which column of which table carries which field: every column has its place, or is never content
    walk       one value: whole, by path inside of JSON, or by pattern inside of a text
    keep       facts of gap rules that read contents are built before the contents go
    echoes     what is withheld in one place and stands in other texts, too
    apply      all tables of a scratch case, batch by batch
    needles    what of the withheld values is searched for afterwards; `audit` searches the finished files

The scratch case is the only source of a redacted bundle, so what was replaced in it can stand nowhere.
"""
