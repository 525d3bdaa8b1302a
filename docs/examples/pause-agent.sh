#!/bin/sh
# Pauses an agent when auditrail raises an alert about it: `auditrail watch logs/ --on-alert ./pause-agent.sh`.
#
# The alert is JSON on standard input (docs/watch.md). This script leaves a file in $AUDITRAIL_PAUSED (a folder) that the
# agent's runtime looks for before each step; put there what pauses yours: `kubectl scale`, a feature flag, an API call.
# It is handed an alert at least once, perhaps twice after a crash: pausing what is paused must change nothing.
set -eu
folder=${AUDITRAIL_PAUSED:-/var/run/agents/paused}
python3 -c '
import json, os, re, sys
alert = json.load(sys.stdin)
if alert["severity"] not in ("high", "critical") or not alert["agent"]:
    sys.exit(0)
# The name comes from a log: nothing in it may lead out of the folder.
name = re.sub(r"[^A-Za-z0-9_-]", "_", alert["agent"])[:100]
path = os.path.join(sys.argv[1], name)
try:
    with open(path, "x") as out:
        out.write(json.dumps({"alert": alert["id"], "rule": alert["rule"], "run": alert["run"]}) + "\n")
except FileExistsError:
    pass
' "$folder"
