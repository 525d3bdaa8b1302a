"""Logs that are sealed with HMAC under changing keys: which of the given keys is that of which key id."""

from __future__ import annotations

from collections.abc import Sequence

from auditrail.errors import AuditrailError
from auditrail.verify import detect, grouping
from auditrail.verify.evidence import Call, Evidence
from auditrail.verify.paths import get
from auditrail.verify.plan import Context, Plan


def seals(group: Sequence[tuple[Evidence, detect.Guess]], call: Call) -> dict[str | None, bytes | None] | None:
    """The secret of each key id in these files, None for one that no given key is for; None: ids play no part here.

    Keys change forwards only. So an unknown id between records of one known id is no change of keys: those records get
    the known key, and their hashes tell that they were changed.
    """
    found = group[0][1]
    profile = found.profile
    if found.secret is None or not profile.keyed or profile.digest.kid is None:
        return None
    secrets = {secret: Plan(profile, secret) for secret in (found.secret, *call.keys.secrets())}
    made: dict[str | None, bytes | None] = {}
    first: dict[str | None, int] = {}
    last: dict[str | None, int] = {}
    number = 0
    for item, guess in group:
        try:
            for value, raw in grouping.objects(item, guess.shape, secrets[found.secret], call):
                number += 1
                kid = secrets[found.secret].key_id(value)
                first.setdefault(kid, number)
                last[kid] = number
                if made.get(kid) is None:
                    made[kid] = _fitting(secrets, value, raw)
        except AuditrailError:
            break
    for kid in [kid for kid, secret in made.items() if secret is None]:
        around = (k for k, secret in made.items() if secret and first[k] < first[kid] and last[k] > last[kid])
        made[kid] = next((made[other] for other in around), None)
    return made


def _fitting(secrets: dict[bytes, Plan], value: object, raw: bytes) -> bytes | None:
    profile = next(iter(secrets.values())).profile
    own, link = get(value, profile.hash), get(value, profile.prev)
    context = Context(value, raw, link if isinstance(link, str) else None, own if isinstance(own, str) else None)
    return next((secret for secret, plan in secrets.items() if own is not None and plan.compute(context) == own), None)
