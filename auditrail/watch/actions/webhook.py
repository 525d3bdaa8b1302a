"""Sends alerts to an address by HTTP POST, in the shape that the receiver knows.

Shapes: `generic` (the alert's own JSON), `slack` (incoming webhook: `text` and `blocks`, https://api.slack.com/
messaging/webhooks), `pagerduty` (Events API v2: `routing_key`, `event_action`, `dedup_key`, `payload`,
https://developer.pagerduty.com/docs/events-api-v2/trigger-events/). The alert's id goes along as `Idempotency-Key`, and
as PagerDuty's `dedup_key`, so that a receiver sees a delivery that comes twice.

Answers 408, 425, 429 and 5xx, and addresses that can't be reached, are tried again; any other answer is final. No
redirect is followed: it would carry the alert to an address that nobody chose. The address is a secret, so messages
name its host only; take it from the environment with `url_env`.
"""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from typing import Any, TextIO
from urllib.parse import urlsplit

import orjson

from auditrail.errors import ConfigError
from auditrail.watch.delivery import DeliveryError

NAME = "webhook"
TITLE = "send it to an address (generic, Slack or PagerDuty JSON)"
SETTINGS: dict[str, type] = {"url": str, "url_env": str, "shape": str, "timeout": float, "key_env": str}
QUEUED = True
RETRIED = True
SHAPES = ("generic", "slack", "pagerduty")
_PAGERDUTY = "https://events.pagerduty.com/v2/enqueue"
_AGAIN = frozenset({408, 425, 429})
_PAGED = {"critical": "critical", "high": "error", "medium": "warning", "low": "warning", "info": "info"}
_MARKS = {"critical": ":rotating_light:", "high": ":red_circle:", "medium": ":large_orange_circle:"}


def make(settings: dict[str, Any], output: TextIO) -> Webhook:  # noqa: ARG001 - the contract
    """The action.

    Raises:
        ConfigError: the address is missing or no http(s) address, the shape is unknown, or an environment variable
            that was named is not set.
    """
    shape = settings.get("shape", "generic")
    if shape not in SHAPES:
        raise ConfigError(f"watch.action.shape: {shape!r} is none", hint=f"shapes: {', '.join(SHAPES)}")
    url = settings.get("url") or _environment(settings, "url_env") or (_PAGERDUTY if shape == "pagerduty" else None)
    if url is None:
        raise ConfigError("watch.action: a webhook needs `url` or `url_env`")
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ConfigError("watch.action.url: no http or https address")
    key = None
    if shape == "pagerduty":
        key = _environment(settings, "key_env") or os.environ.get("AUDITRAIL_PAGERDUTY_KEY")
        if not key:
            raise ConfigError("watch.action: pagerduty needs a routing key", hint="set AUDITRAIL_PAGERDUTY_KEY")
    return Webhook(url, shape, float(settings.get("timeout", 10.0)), key)


def _environment(settings: dict[str, Any], name: str) -> str | None:
    variable = settings.get(name)
    if variable is None:
        return None
    value = os.environ.get(variable)
    if not value:
        raise ConfigError(f"watch.action.{name}: the environment has no {variable}")
    return value


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_words: Any) -> None:
        return None


class Webhook:
    """Posts to one address."""

    def __init__(self, url: str, shape: str, timeout: float, key: str | None = None) -> None:
        self._url = url
        self._shape = shape
        self._timeout = timeout
        self._key = key
        self._host = urlsplit(url).hostname or ""
        self._opener = urllib.request.build_opener(_NoRedirect)

    def deliver(self, alert: dict[str, Any]) -> None:
        request = urllib.request.Request(  # noqa: S310 - `make` takes http and https only
            self._url,
            orjson.dumps(shaped(alert, self._shape, self._key)),
            {"Content-Type": "application/json", "User-Agent": "auditrail", "Idempotency-Key": alert["id"]},
        )
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                answer.read(1024)
        except urllib.error.HTTPError as error:
            with error:
                again = error.code in _AGAIN or error.code >= 500
                raise DeliveryError(f"{self._host} answered {error.code}", again=again) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise DeliveryError(f"{self._host} can't be reached: {type(reason).__name__}") from None


def shaped(alert: dict[str, Any], shape: str, key: str | None = None) -> dict[str, Any]:
    """The alert in the shape of a receiver."""
    if shape == "slack":
        return _slack(alert)
    return _pagerduty(alert, key or "") if shape == "pagerduty" else alert


def _slack(alert: dict[str, Any]) -> dict[str, Any]:
    mark = _MARKS.get(alert["severity"], ":information_source:")
    head = f"{mark} *{_escaped(alert['title'])}* ({alert['severity']})"
    facts = "  ".join(
        f"*{name}:* {_escaped(alert[name])}" for name in ("agent", "run", "tool", "stream") if alert.get(name)
    )
    body = f"{head}\n{_escaped(alert['message'])}\n{facts}\n`{alert['rule']}`  {alert['time']}  `{alert['id']}`"
    return {
        "text": f"{alert['severity']}: {_escaped(alert['message'])}",
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": body[:3000]}}],
    }


def _escaped(text: str) -> str:
    """Text from a log for Slack: no link, no mention, no markup (https://api.slack.com/reference/surfaces/formatting)."""
    made = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\u200b{char}" if char in "*_~`@" else char for char in made)


def _pagerduty(alert: dict[str, Any], key: str) -> dict[str, Any]:
    return {
        "routing_key": key,
        "event_action": "trigger",
        "dedup_key": alert["id"],
        "payload": {
            "summary": f"{alert['title']}: {alert['message']}"[:1024],
            "source": alert.get("stream") or alert.get("agent") or "auditrail",
            "severity": _PAGED[alert["severity"]],
            "timestamp": alert["time"],
            "component": alert.get("agent") or "",
            "class": alert["rule"],
            "custom_details": alert,
        },
    }
