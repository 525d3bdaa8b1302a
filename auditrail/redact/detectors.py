"""What is found inside of texts: addresses, numbers of accounts and cards, phones, secrets, homes in paths.

A detector is a pattern, and where the kind of number has check digits, a test of them: a number that merely looks like
a card is left alone. Each match is the value itself, without the words around it: of `password=abc` it is `abc`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from auditrail.redact.errors import PolicyError

# Patterns of policies run over every text: what this long pattern can do is enough.
_MOST_PATTERN = 1000


class Detector(NamedTuple):
    """A name for tokens, the pattern (group `value`, or all of it), and the test of what it found.

    What it finds has at least so many characters, and one of the hints in it: most texts need no closer look.
    """

    name: str
    pattern: re.Pattern[str]
    holds: Callable[[str], bool] | None = None
    least: int = 1
    hints: tuple[str, ...] = ()

    def may(self, text: str) -> bool:
        """Whether a text is worth looking through."""
        return len(text) >= self.least and (not self.hints or any(hint in text for hint in self.hints))

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Begin and end of each value in a text."""
        group = "value" if "value" in self.pattern.groupindex else 0
        for found in self.pattern.finditer(text):
            begin, end = found.span(group)
            if begin < end and (self.holds is None or self.holds(text[begin:end])):
                yield begin, end


# Country -> length of its IBANs: SWIFT's IBAN registry, release 99.
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FK FI FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU", 31: "MT SC", 32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip


def is_iban(text: str) -> bool:
    """Whether length and check digits of an IBAN are right: ISO 13616, modulo 97."""
    plain = re.sub(r"[ -]", "", text)
    if _IBAN_LENGTHS.get(plain[:2]) != len(plain):
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def is_card(text: str) -> bool:
    """Whether the check digit of a card's number is right: ISO/IEC 7812, Luhn's formula."""
    digits = [int(c) for c in text if c.isascii() and c.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) < 2:
        return False
    doubled = (2 * d - 9 if d > 4 else 2 * d for d in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_phone(text: str) -> bool:
    """Whether a number has as many digits as E.164 allows."""
    return 8 <= sum(c.isdigit() for c in text) <= 15


_TOKENS = r"""
    (?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b               # AWS
  | gh[pousr]_[A-Za-z0-9]{20,255} | github_pat_\w{20,255}
  | glpat-[\w-]{20,64} | npm_[A-Za-z0-9]{36} | pypi-[\w-]{50,255}
  | sk-[A-Za-z0-9_-]{20,255} | (?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,255}  # OpenAI, Anthropic; Stripe
  | xox[abeoprs]-[A-Za-z0-9-]{10,255}                   # Slack
  | AIza[\w-]{35} | ya29\.[\w-]{20,500} | hf_[A-Za-z0-9]{20,64} | SG\.[\w-]{16,64}\.[\w-]{16,64}
  | eyJ[\w-]{8,2000}\.eyJ[\w-]{8,4000}\.[\w-]{8,2000}   # JWT
  | -----BEGIN[ ][A-Z ]{0,30}PRIVATE[ ]KEY-----[\s\S]{0,8000}?(?:-----END[ ][A-Z ]{0,30}PRIVATE[ ]KEY-----|\Z)
"""
# `password=abc`, `"api_key": "abc"`, `Authorization: Bearer abc`.
_NAMED = (
    r"""(?:passw(?:or)?d|passphrase|secret|api[_-]?key|access[_-]?key|(?:access|auth|refresh|session|id)?[_-]?token"""
    r"""|authorization)\\?["']?\s{0,3}[:=]\s{0,3}\\?["']?(?:bearer\s|basic\s)?\s?(?P<value>[^\s"'\\,;&<>{}\[\]]{4,500})"""
)

_BUILT_IN = (
    Detector(
        "email",
        re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}\b"),
        least=6,
        hints=("@",),
    ),
    Detector(
        "iban", re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b"), is_iban, least=15
    ),
    # Cards begin with 2 to 6; times in nanoseconds, one in ten of which would pass the test, begin with 1.
    Detector("card", re.compile(r"(?<![\w.-])[2-6](?:[ -]?\d){12,18}(?![\w-])", re.ASCII), is_card, least=13),
    Detector(
        "phone",
        re.compile(r"(?<![\w+])(?:\+|00)[1-9]\d{0,2}(?:[ ./()-]{0,2}\d{1,5}){2,6}(?![\w-])", re.ASCII),
        is_phone,
        least=9,
        hints=("+", "00"),
    ),
    Detector("secret", re.compile(_TOKENS, re.VERBOSE), least=15),
    Detector("named-secret", re.compile(_NAMED, re.IGNORECASE), least=10, hints=("=", ":")),
    Detector(
        "home",
        re.compile(r"(?:/home/|/Users/|[A-Za-z]:[\\/]{1,2}Users[\\/]{1,2})(?P<value>[^/\\\s\"'<>:]{1,64})"),
        least=7,
        hints=("/home/", "Users"),
    ),
)
BUILT_IN = {one.name: one for one in _BUILT_IN}


def own(name: str, regex: str) -> Detector:
    """A detector of a policy's own.

    Raises:
        PolicyError: the pattern is none, is too long, or matches a blank text.
    """
    if len(regex) > _MOST_PATTERN:
        raise PolicyError(f"pattern {name!r}: longer than {_MOST_PATTERN} characters")
    try:
        pattern = re.compile(regex)
    except (re.error, OverflowError, RecursionError) as error:
        raise PolicyError(f"pattern {name!r}: {error}") from error
    if pattern.match("") is not None:
        raise PolicyError(f"pattern {name!r} matches a blank text, so it would match everywhere")
    return Detector(name, pattern)


def matches(text: str, detectors: tuple[Detector, ...]) -> list[tuple[int, int, int]]:
    """All that the detectors find in a text: (begin, end, number of the detector), in order, none inside of another.

    Where two overlap, both go: the one that begins first reaches to the end of the last that it overlaps.
    """
    able = [(number, one) for number, one in enumerate(detectors) if one.may(text)]
    if not able:
        return []
    found = sorted((begin, -end, number) for number, one in able for begin, end in one.spans(text))
    made: list[tuple[int, int, int]] = []
    for begin, negative, number in found:
        end = -negative
        if made and begin < made[-1][1]:
            first, last, kept = made[-1]
            made[-1] = (first, max(last, end), kept)
        else:
            made.append((begin, end, number))
    return made
