"""Recommended configurations: ONE FILE = ONE POLICY; the folder is the registry, the name is the file's without suffix.

Each keeps failed runs and policy decisions, keeps arguments (a secret inside of them becomes a hash, or stays, but
nothing is deleted), retains for 400 days, and says what is to be sealed. `auditrail lint` finds nothing in it at
`medium` or above, held against the EU AI Act and PCI DSS; `tests/lint/test_policy.py` names what is left at `low`.
"""
