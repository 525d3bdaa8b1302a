"""One value under a policy: withheld whole, by path inside of JSON, or by pattern inside of a text.

Where a rule by path cannot be carried out, since a text begins as JSON and does not parse (it was cut), all of the text
is withheld: what cannot be looked into is not let out.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from auditrail import jsontext
from auditrail.errors import RecordError
from auditrail.redact import detectors
from auditrail.redact.commit import Committer, Disclosure, Place, family_info
from auditrail.redact.fields import JSON, STRUCTURE, family
from auditrail.redact.policy import Context, Plan, Policy, Rule, Step

# Texts inside of JSON are JSON again (arguments as text inside of a request), so many levels deep.
_MOST_NESTED = 4
_STRUCTURE = frozenset(STRUCTURE)
# States of arguments and results that hold nothing that could be withheld.
BLANK_STATES = ("absent", "empty")


class Taken(NamedTuple):
    """What was withheld: a value in its place, with the text that stands there now."""

    place: Place
    rule: str
    info: bytes  # what its salt is derived from
    value: bytes
    token: str
    joined: bool
    whole: bool  # withheld as the content that it is, and not as a member, match or name that a rule names


class Redactor:
    """Applies a policy under a key; `counts` has (rule, field) -> values withheld.

    With `collect`, `taken` fills with all that was withheld; whoever reads it empties it.
    """

    def __init__(self, policy: Policy, key: bytes, *, collect: bool = False) -> None:
        self.policy = policy
        self.committer = Committer(key)
        self.counts: Counter[tuple[str, str]] = Counter()
        self.taken: list[Taken] = []
        self._collect = collect
        self._plans: dict[tuple[str, Context | None], Plan] = {}
        self._names: dict[tuple[str, str], tuple[str, tuple[Taken, ...]]] = {}

    def plan(self, field: str, context: Context | None) -> Plan:
        """The plan for a field, made once for each context."""
        found = self._plans.get((field, context))
        if found is None:
            if len(self._plans) > 100_000:
                self._plans.clear()
            found = self._plans[field, context] = self.policy.plan(field, context)
        return found

    def name(self, field: str, value: str) -> str:
        """A value of a structural field: the same for equal values, wherever they stand."""
        known = self._names.get((field, value))
        if known is None:
            if len(self._names) > 200_000:
                self._names.clear()
            mark = len(self.taken)
            collect, self._collect = self._collect, True
            made = self._name(field, value)
            self._collect = collect
            known = self._names[field, value] = (made, tuple(self.taken[mark:]))
            del self.taken[mark:]
            if collect:
                self.taken += known[1]
        for one in known[1]:
            self.counts[one.rule, field] += 1
        return known[0]

    def _name(self, field: str, value: str) -> str:
        plan = self.plan(field, None)
        place = Place("", "", field)
        if plan.steps and plan.steps[0].rule.action != "keep":
            return self._token(plan.steps[0].rule, place, value.encode(), family(field), whole=False, count=False)
        return self._scan(plan, place, value, joined=True, count=False) if plan.finders else value

    def content(self, place: Place, value: str, context: Context | None) -> str:
        """A content, as text; without a context (it is that of no event) as if every condition held.

        Attributes stay a JSON object, with the token as its one member where all of it is withheld.
        """
        made = self._content(place, value, context)
        return jsontext.dumps({"withheld": made}) if place.field == "attributes" and made[:1] != "{" else made

    def _content(self, place: Place, value: str, context: Context | None) -> str:
        plan = self.plan(place.field, context)
        if not plan.steps:
            return self._scan(plan, place, value) if plan.finders else value
        first = plan.steps[0]
        if first.path is None and first.rule.action != "keep":
            return self._token(first.rule, place, value.encode(), place.field, whole=True)
        if any(step.path is not None for step in plan.steps):
            return self._by_path(plan, place, value)
        return self._scan(plan, place, value)

    def blob(self, place: Place, value: bytes, context: Context | None) -> bytes:
        """The first bytes of a record in quarantine. Bytes that are no text are withheld if any rule could apply."""
        try:
            return self.content(place, value.decode(), context).encode()
        except UnicodeDecodeError:
            plan = self.plan(place.field, context)
            acting = [step.rule for step in plan.steps[:1] if step.rule.action != "keep"]
            acting += [rule for rule, _ in plan.finders]
            return self._token(acting[0], place, value, place.field, whole=True).encode() if acting else value

    def _by_path(self, plan: Plan, place: Place, value: str) -> str:
        parsed = _parsed(value)
        if parsed is not None:
            return self._rewritten(plan, place, value, parsed, 0)
        if value.lstrip()[:1] in ("{", "["):
            acting = next((step.rule for step in plan.steps if step.rule.action != "keep"), None)
            if acting is not None:
                return self._token(acting, place, value.encode(), place.field, whole=True)
        step = next((step for step in plan.steps if step.path is None), None)
        if step is not None and step.rule.action != "keep":
            return self._token(step.rule, place, value.encode(), place.field, whole=True)
        return self._scan(plan, place, value)

    def _rewritten(
        self, plan: Plan, place: Place, text: str, parsed: _Parsed, nested: int, dotted: str = "", ruled: int | None = None
    ) -> str:
        """A text that is JSON, with what is withheld in it; the same object where nothing is."""
        made = self._visit(plan, place, parsed.value, dotted, len(plan.steps) if ruled is None else ruled, nested)
        if isinstance(made, str):
            return made
        # A member whose key stands twice was not looked at: it goes.
        return jsontext.dumps(made) if parsed.lossy or made is not parsed.value else text

    def _visit(self, plan: Plan, place: Place, node: Any, dotted: str, ruled: int, nested: int) -> Any:
        """A node of JSON, replaced or as it is (the same object).

        Args:
            plan: what is done to the field.
            place: of the node; its path is the JSON pointer.
            node: the value.
            dotted: its path as globs see it.
            ruled: number of the step that decides on the node around it; the number of steps: none.
            nested: how many texts inside of texts it stands in.
        """
        steps = plan.steps
        for number in range(ruled):
            path = steps[number].path
            if path is None or (dotted and path.fullmatch(dotted)):
                ruled = number
                break
        acting = ruled < len(steps) and steps[ruled].rule.action != "keep"
        inside = isinstance(node, (dict, list)) and bool(node)
        if acting and not (inside and _reaches(steps[:ruled], dotted)):
            if node is None or node in ("", {}, []):
                return node
            data = node if isinstance(node, str) else jsontext.dumps(node)
            return self._token(steps[ruled].rule, place, data.encode(), place.field, whole=steps[ruled].bulk)
        if isinstance(node, dict):
            return self._visit_members(plan, place, node, dotted, ruled, nested)
        if isinstance(node, list):
            items = [
                self._visit(plan, _below(place, str(n)), one, _dot(dotted, str(n)), ruled, nested)
                for n, one in enumerate(node)
            ]
            return node if all(a is b for a, b in zip(items, node, strict=True)) else items
        return self._visit_leaf(plan, place, node, dotted, ruled, nested)

    def _visit_members(
        self, plan: Plan, place: Place, node: dict[str, Any], dotted: str, ruled: int, nested: int
    ) -> Any:
        made = {}
        changed = False
        for key, value in node.items():
            below = _below(place, key)
            item = self._visit(plan, below, value, _dot(dotted, key), ruled, nested)
            # Objects keyed by an address or an account say it in the key.
            told = self._scan(plan, below._replace(path=below.path + "#key"), key) if plan.finders else key
            changed |= item is not value or told is not key
            made[told] = item
        return made if changed else node

    def _visit_leaf(self, plan: Plan, place: Place, node: Any, dotted: str, ruled: int, nested: int) -> Any:
        if isinstance(node, str):
            inner = _parsed(node) if nested < _MOST_NESTED else None
            if inner is not None:
                return self._rewritten(plan, place, node, inner, nested + 1, dotted, ruled)
            return self._scan(plan, place, node) if plan.finders else node
        if plan.finders and isinstance(node, (int, float)) and not isinstance(node, bool):
            text = jsontext.dumps(node)
            made = self._scan(plan, place, text)
            return node if made == text else made
        return node

    def _scan(self, plan: Plan, place: Place, text: str, *, joined: bool = False, count: bool = True) -> str:
        """A text with all that the patterns find in it replaced; the same object where they find nothing."""
        if place.field in JSON and place.path == "" and (parsed := _parsed(text)) is not None:
            return self._rewritten(plan, place, text, parsed, 0)
        parts = []
        end = 0
        for part, (begin, stop, number) in enumerate(detectors.matches(text, plan.detectors)):
            rule, detector = plan.finders[number]
            info = family_info(detector.name) if joined or rule.joins or rule.action == "pseudonym" else None
            parts.append(text[end:begin])
            parts.append(
                self._token(
                    rule, place._replace(part=part), text[begin:stop].encode(), detector.name,
                    whole=False, info=info, count=count,
                )
            )  # fmt: skip
            end = stop
        return "".join((*parts, text[end:])) if parts else text

    def _token(
        self,
        rule: Rule,
        place: Place,
        value: bytes,
        group: str,
        *,
        whole: bool,
        info: bytes | None = None,
        count: bool = True,
    ) -> str:
        joined = info is not None or rule.joins or rule.action == "pseudonym"
        info = info or (family_info(group) if joined else place.info())
        if rule.action == "pseudonym":
            token = self.committer.pseudonym(group, value)
        else:
            token = self.committer.withheld(rule.id, info, value)
        if count:
            self.counts[rule.id, place.field] += 1
        if self._collect:
            self.taken.append(Taken(place, rule.id, info, value, token, joined, whole))
        return token

    def disclosures(self) -> list[Disclosure]:
        """What was collected, each with its salt; empties `taken`."""
        made = [
            Disclosure(one.place, one.rule, self.committer.salt(one.info), one.value, one.token, one.joined)
            for one in self.taken
        ]
        self.taken.clear()
        return made


class _Parsed(NamedTuple):
    """An object or array, and whether the text says more than it."""

    value: Any
    lossy: bool


def _parsed(text: str) -> _Parsed | None:
    """The object or array that a text is, or None."""
    if text[:1] not in ("{", "[") and text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        value, flags = jsontext.parse(text.encode("utf-8", "surrogatepass"))
    except RecordError:
        return None
    return _Parsed(value, "duplicate-keys" in flags) if isinstance(value, (dict, list)) else None


def _reaches(steps: tuple[Step, ...], dotted: str) -> bool:
    """Whether a step could fit a path below this one."""
    below = f"{dotted}.".lower() if dotted else ""
    return any(s.path is not None and (s.prefix.startswith(below) or below.startswith(s.prefix)) for s in steps)


def _dot(dotted: str, key: str) -> str:
    return f"{dotted}.{key}" if dotted else key


def _below(place: Place, key: str) -> Place:
    return place._replace(path=f"{place.path}/{key.replace('~', '~0').replace('/', '~1')}")
