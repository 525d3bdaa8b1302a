"""How a prompt is named, so that a sub-agent is tied to the call that spawned it where no id of the child does.

Some agents write no parent id into the transcript of a sub-agent: its first user message is the prompt that the
spawning call carried. Both events carry the id kind `other` with this value. Where the result of the call names the
sub-agent, that event has `spawned:` and the id of its run instead, which tells calls with one prompt apart.
"""

from __future__ import annotations

import hashlib

PREFIX = "prompt:"
SPAWNED = "spawned:"
_DIGITS = 32
# Two strangers may both begin with "continue"; nobody hands a task over in fewer characters than this.
_SHORTEST = 10


def prompt_key(text: str) -> str:
    """`prompt:` and 32 hex digits of the SHA-256 of the text without blanks at its ends; blank for a text too short.

    The same text has the same value whoever wrote it: several calls with one prompt are told apart by nothing here.
    """
    if len(text.strip()) < _SHORTEST:
        return ""
    return PREFIX + hashlib.sha256(text.strip().encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def spawned_key(run: str) -> str:
    """The name under which the result of a call tells the run that the call began."""
    return SPAWNED + run
