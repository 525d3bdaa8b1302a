"""Incidents: a ledger of what was seen and done that holds up later, and an incident that becomes a test.

- `entries`: what one entry of the ledger says; a closed list of kinds.
- `ledger`: the ledger on a sealed log (`auditrail.seal.log`): `Ledger.append` for programs, `read` for everyone.
- `attach`: files kept with an incident, by digest. `proof`: the verdict on the ledger and on these files.
- `deadlines`: when frameworks want to hear of an incident; a dated data file, never legal advice.
- `report`: ledger, reconstruction and gaps -> `report.incident_types.IncidentReport`.
- `freeze`: an incident -> a folder with evidence and `expected.json`, which `auditrail check` holds to be true.

Nothing is imported here: `ledger` loads no engine, so that a program that watches logs can append to it.
"""
