"""One value under a policy: withheld whole, by path inside of JSON, or by pattern inside of a text.

Where a rule by path cannot be carried out, since a text begins as JSON and does not parse (it was cut), all of the text
is withheld: what cannot be looked into is not let out.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from auditrail import content, jsontext
from auditrail.errors import RecordError
from auditrail.redact import detectors
from auditrail.redact.commit import Committer, Disclosure, Place, family_info
from auditrail.redact.fields import JSON, STRUCTURE, family
from auditrail.redact.policy import Context, Plan, Policy, Rule, Step

# Texts inside of JSON are JSON again (arguments as text inside of a request), so many levels deep.
_MOST_NESTED = 4
_STRUCTURE = frozenset(STRUCTURE)
# Members that a rule for whatever stands there (`attributes.*`) withholds are one value, an object: one commitment for
# all of them, under this name in the object that they were taken from.
GROUP = "withheld"
_SHORT = 60
# What becomes of a member: looked into, kept as it is, or withheld together with others.
_VISITED, _KEPT, _TOGETHER = range(3)
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
        # Paths repeat from record to record; plans are kept as long as decisions on them.
        self._decisions: dict[tuple[int, str, int], tuple[int, bool, bool]] = {}
        self._clean: dict[int, set[str]] = {}  # short texts in which a plan finds nothing: they recur
        self._fates: dict[tuple[int, str, int], dict[str, int]] = {}
        self._names: dict[tuple[str, str], tuple[str, tuple[Taken, ...]]] = {}

    def plan(self, field: str, context: Context | None) -> Plan:
        """The plan for a field, made once for each context."""
        found = self._plans.get((field, context))
        if found is None:
            if len(self._plans) > 100_000:
                self._plans.clear()
                self._decisions.clear()
                self._fates.clear()
                self._clean.clear()
            found = self._plans[field, context] = self.policy.plan(field, context)
        return found

    def name(self, field: str, value: str, times: int = 1) -> str:
        """A value of a structural field, which stands there so many times: the same wherever it stands."""
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
            self.counts[one.rule, field] += times
        return known[0]

    def _name(self, field: str, value: str) -> str:
        plan = self.plan(field, None)
        place = Place("", "", field)
        if plan.steps and plan.steps[0].rule.action != "keep":
            return self._token(plan.steps[0].rule, place, value.encode(), family(field), whole=False, count=False)
        return self._scan(plan, place, value, joined=True, count=False)

    def content(self, place: Place, value: str, context: Context | None) -> str:
        """A content, as text; without a context (it is that of no event) as if every condition held.

        Attributes stay a JSON object, with the token as its one member where all of it is withheld.
        """
        made = self._content(place, value, context)
        return jsontext.dumps({GROUP: made}) if place.field == "attributes" and made[:1] != "{" else made

    def _content(self, place: Place, value: str, context: Context | None) -> str:
        plan = self.plan(place.field, context)
        if not plan.steps:
            return self._scan(plan, place, value)
        first = plan.steps[0]
        if first.path is None and first.rule.action != "keep":
            return self._token(first.rule, place, value.encode(), place.field, whole=True)
        if plan.by_path:
            return self._by_path(plan, place, value)
        return self._scan(plan, place, value)

    def whole(self, field: str, context: Context | None) -> Rule | None:
        """The rule that withholds a content whole under a salt of its own, if that is all that is done to it."""
        steps = self.plan(field, context).steps
        if steps and steps[0].path is None and steps[0].rule.action == "withhold" and not steps[0].rule.joins:
            return steps[0].rule
        return None

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
            return self._rewritten(plan, place, value, parsed, _At(len(plan.steps)))
        if value.lstrip()[:1] in ("{", "["):
            acting = next((step.rule for step in plan.steps if step.rule.action != "keep"), None)
            if acting is not None:
                return self._token(acting, place, value.encode(), place.field, whole=True)
        step = next((step for step in plan.steps if step.path is None), None)
        if step is not None and step.rule.action != "keep":
            return self._token(step.rule, place, value.encode(), place.field, whole=True)
        return self._scan(plan, place, value)

    def _rewritten(self, plan: Plan, place: Place, text: str, parsed: _Parsed, at: _At) -> str:
        """A text that is JSON, with what is withheld in it; the same object where nothing is."""
        made = self._visit(plan, place, parsed.value, at)
        if isinstance(made, str):
            return made
        # A member whose key stands twice was not looked at: it goes.
        return jsontext.dumps(made) if parsed.lossy or made is not parsed.value else text

    def _visit(self, plan: Plan, place: Place, node: Any, at: _At) -> Any:
        """A node of JSON, replaced or as it is (the same object).

        Args:
            plan: what is done to the field.
            place: of the field; the node's own is made where something is withheld.
            node: the value.
            at: where it stands.
        """
        ruled, acting, reaches = self._decision(plan, at)
        if acting and not (reaches and isinstance(node, (dict, list)) and node):
            if node is None or node in ("", {}, []) or (isinstance(node, str) and content.is_mark(node)):
                return node
            data = node if isinstance(node, str) else jsontext.dumps(node)
            step = plan.steps[ruled]
            return self._token(step.rule, at.place(place), data.encode(), place.field, whole=step.bulk)
        if isinstance(node, dict):
            return self._visit_members(plan, place, node, at, ruled)
        if isinstance(node, list):
            items = [self._visit(plan, place, one, at.below(str(n), ruled)) for n, one in enumerate(node)]
            return node if all(a is b for a, b in zip(items, node, strict=True)) else items
        return self._visit_leaf(plan, place, node, at, ruled)

    def _decision(self, plan: Plan, at: _At) -> tuple[int, bool, bool]:
        """Number of the step that decides on a path, whether it withholds, and whether an earlier one may, below."""
        key = (id(plan), at.dotted, at.ruled)
        found = self._decisions.get(key)
        if found is None:
            if len(self._decisions) > 100_000:
                self._decisions.clear()
            ruled = at.ruled
            for number, step in enumerate(plan.steps[:ruled]):
                if step.path is None or (at.dotted and step.path.fullmatch(at.dotted)):
                    ruled = number
                    break
            acting = ruled < len(plan.steps) and plan.steps[ruled].rule.action != "keep"
            found = self._decisions[key] = (ruled, acting, _reaches(plan.steps[:ruled], at.dotted))
        return found

    def _visit_members(self, plan: Plan, place: Place, node: dict[str, Any], at: _At, ruled: int) -> Any:
        made: dict[str, Any] = {}
        together: dict[str, Any] = {}
        changed = False
        fates = self._fates_below(plan, at, ruled)
        for key, value in node.items():
            fate = fates.get(key)
            if fate is None:
                fate = fates[key] = self._fate(plan, at.below(key, ruled))
            if fate == _KEPT:
                made[key] = value
                continue
            if fate == _TOGETHER:
                together[key] = value
                continue
            below = at.below(key, ruled)
            item = self._visit(plan, place, value, below)
            # Objects keyed by an address or an account say it in the key.
            told = self._scan(plan, below.place(place, "#key"), key) if plan.finders else key
            changed |= item is not value or told is not key
            made[told] = item
        if together:
            if GROUP in made:
                together[GROUP] = made.pop(GROUP)
            rule = plan.steps[self._decision(plan, at.below(next(iter(together)), ruled))[0]].rule
            data = jsontext.dumps(together).encode()
            grouped = Place(place.table, place.row, place.field, f"{at.pointer}/{GROUP}")
            made[GROUP] = self._token(rule, grouped, data, place.field, whole=True)
        return made if changed or together else node

    def _fates_below(self, plan: Plan, at: _At, ruled: int) -> dict[str, int]:
        """Name of a member -> what becomes of it, of an object at that path: filled as names are met."""
        if len(self._fates) > 10_000:
            self._fates.clear()
        found = self._fates.setdefault((id(plan), at.dotted, ruled), {})
        if len(found) > 10_000:
            found.clear()
        return found

    def _fate(self, plan: Plan, at: _At) -> int:
        ruled, acting, reaches = self._decision(plan, at)
        if reaches:
            return _VISITED
        if not acting:
            return _KEPT if ruled < len(plan.steps) and not plan.finders else _VISITED
        step = plan.steps[ruled]
        return _TOGETHER if step.bulk and step.rule.action == "withhold" and not step.rule.joins else _VISITED

    def _visit_leaf(self, plan: Plan, place: Place, node: Any, at: _At, ruled: int) -> Any:
        if isinstance(node, str):
            inner = _parsed(node) if at.nested < _MOST_NESTED else None
            if inner is not None:
                return self._rewritten(plan, place, node, inner, at._replace(ruled=ruled, nested=at.nested + 1))
            return self._scan(plan, at.place(place), node) if plan.finders else node
        if plan.finders and isinstance(node, (int, float)) and not isinstance(node, bool):
            text = jsontext.dumps(node)
            made = self._scan(plan, at.place(place), text)
            return node if made == text else made
        return node

    def _scan(self, plan: Plan, place: Place, text: str, *, joined: bool = False, count: bool = True) -> str:
        """A text with all that the patterns find in it replaced; the same object where they find nothing."""
        if not plan.finders:
            return text
        if place.field in JSON and place.path == "" and text.lstrip()[:1] in ("{", "["):
            parsed = _parsed(text)
            if parsed is not None:
                return self._rewritten(plan, place, text, parsed, _At(len(plan.steps)))
            if "\\u" in text:  # JSON that does not parse, with characters that no pattern sees
                return self._token(plan.finders[0][0], place, text.encode(), place.field, whole=True)
        if len(text) <= _SHORT and (known := self._clean.get(id(plan))) is not None and text in known:
            return text
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
        if parts:
            return "".join((*parts, text[end:]))
        if len(text) <= _SHORT:
            known = self._clean.setdefault(id(plan), set())
            if len(known) > 100_000:
                known.clear()
            known.add(text)
        return text

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


class _At(NamedTuple):
    """Where a node stands in a JSON text.

    Attributes:
        ruled: number of the step that decides on the node around it; the number of steps: none.
        dotted: its path as globs see it.
        pointer: its path as a JSON pointer.
        nested: how many texts inside of texts it stands in.
    """

    ruled: int
    dotted: str = ""
    pointer: str = ""
    nested: int = 0

    def below(self, key: str, ruled: int) -> _At:
        told = key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key
        dotted = f"{self.dotted}.{key}" if self.dotted else key
        return _At(ruled, dotted, f"{self.pointer}/{told}", self.nested)

    def place(self, field: Place, more: str = "") -> Place:
        return Place(field.table, field.row, field.field, self.pointer + more)


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
