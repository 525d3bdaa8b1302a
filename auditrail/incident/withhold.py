"""Raw records with what a redaction policy withholds taken out of them, for a frozen case.

1. The policy is applied to the fields of every event of the records that are kept. What a field held before and does
   not hold afterwards is withheld; names and ids that the policy renames get their pseudonym.
2. The records are rewritten (`rewrite`). A withheld leaf becomes `withheld:<rule>:<commitment>`, the same for equal
   ones under one key (runs are also joined by equal arguments).
3. The copy is read again (`rereading`). It must say the same of everything that the policy keeps: kinds, outcomes,
   times, counts, which ids are there. Where it does not, the fewest words and numbers that it is read by stay
   (`completed` says how a run ended), and the case names them. Of contents, these are truth values and words of the
   format alone (`"allow": false` is a decision, which is kept).
4. The events of the copy must hold nothing that was withheld, in any field.
5. The finished files are searched for it, too (`redact.audit`); one hit, and nothing is made.

Records that give no event (they could not be read, or a format says that they are none) are withheld whole where the
policy withholds what could not be read. Files are renamed where it renames paths.
"""

from __future__ import annotations

import importlib
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from auditrail import jsontext
from auditrail.config import Config
from auditrail.errors import UnreadableError, UsageError
from auditrail.incident import bytewise, chained, holding, rereading
from auditrail.incident.rereading import Reading
from auditrail.incident.rewrite import (
    LEAST,
    Rewriter,
    Spared,
    Taken,
    leaves,
    members,
    parsed,
    parsed_leaf,
    replaced,
    stand_in,
    tells_part,
)
from auditrail.incident.select import FreezeError, Piece, local

_COUNTED = ("ts_ns", "end_ns", "observed_ns", "tokens_in", "tokens_out")
_CLOSED = ("decision", "status")
LARGEST = 256 << 20


class _How(NamedTuple):
    """How a content is withheld.

    Attributes:
        rule: what its tokens name.
        remaining: JSON of the leaves that are left in it.
        parts: values inside of its texts -> what stands in their place; none: texts are withheld whole.
        alone: it is one text.
        cut: it was cut when it was recorded.
    """

    rule: str
    remaining: frozenset[str]
    parts: dict[str, str]
    alone: bool
    cut: bool


class Withholder:
    """Applies one policy to the records of sources.

    Args:
        policy: its name or file.
        key: file of the key of commitments; None: one that nobody keeps.
        settings: the configuration that the sources are read with.

    Raises:
        UsageError: this installation has no redaction, or the policy or the key is none.
    """

    def __init__(self, policy: str, key: Path | None, settings: Config | None = None) -> None:
        try:
            self._policy: Any = importlib.import_module("auditrail.redact.policy")
            self._walk: Any = importlib.import_module("auditrail.redact.walk")
            self._commit: Any = importlib.import_module("auditrail.redact.commit")
            self._audit: Any = importlib.import_module("auditrail.redact.audit")
            self._new_needles: Any = importlib.import_module("auditrail.redact.needles").Needles
            self._mark: Any = importlib.import_module("auditrail.content").is_mark
        except (ModuleNotFoundError, AttributeError):
            raise UsageError("this installation can't redact", hint="freeze without --redact") from None
        secret = os.urandom(self._commit.KEY_BYTES) if key is None else self._commit.read_key(key)
        self.policy: Any = self._policy.load(policy)
        self.settings = settings or Config()
        self._redactor: Any = self._walk.Redactor(self.policy, secret, collect=True)
        self._rules = tuple(rule.id for rule in self.policy.rules)
        self._begin()

    def _begin(self) -> None:
        self._needles: Any = self._new_needles()
        self._told: set[str] = set()
        self._known: set[str] = set()
        self._values: dict[str, str] = {}
        self._renamed: dict[str, tuple[int, str]] = {}
        self._readings: dict[str, Reading] = {}
        self._taken: dict[str, dict[int, Taken]] = {}
        self.withheld = 0
        self._settled = False
        self.copies = 0
        self.spared: dict[str, Spared] = {}

    @property
    def renamed(self) -> int:
        """How many names and ids have a pseudonym."""
        return len(self._renamed)

    # --- step 1 -----------------------------------------------------------------------------------------------------

    def look(self, pieces: Sequence[Piece]) -> None:
        """Reads the records of all pieces, and notes what is withheld of them; whatever was noted before is forgotten.

        Raises:
            FreezeError: a source can't be read again.
        """
        self._begin()
        for piece in pieces:
            with local(piece.path) as path:
                try:
                    made = rereading.read(path, piece.path, self.settings, piece.places if piece.lines else None)
                except (UnreadableError, OSError) as error:
                    raise FreezeError(f"{piece.path}: {error}") from None
            if made.format is None:
                raise FreezeError(f"{piece.path}: its format is not told by its content: it can't be redacted")
            self._readings[piece.path] = made
            if piece.guards:
                chained.permitted(piece, made.framing)
            taken: dict[int, Taken] = defaultdict(Taken)
            for record, events in made.events.items():
                for event in events:
                    self._event(event, f"{piece.path}:{record}.{event['part']}", taken[record])
                self._known |= taken[record].kept
            self._taken[piece.path] = taken
        for found in self._taken.values():
            for one in found.values():
                one.whole.update({text: self._renamed[text][1] for text in one.whole if text in self._renamed})
        self._known -= {text for found in self._taken.values() for taken in found.values() for text in taken.whole}

    def _event(self, event: dict[str, Any], place: str, taken: Taken) -> None:
        context = self._policy.Context(event["tool"], event["agent"], event["layer"], event["stream"])
        for field, value in holding.names(event):
            made = self._redactor.name(field, value)
            if made != value:
                # One text is one name, be it of an agent, a service or a stream: the first field in the table counts.
                rank = holding.RANKS.get(field, len(holding.RANKS))
                self._renamed[value] = min((rank, made), self._renamed.get(value, (rank, made)))
                taken.whole[value] = made
            else:
                taken.kept.add(value)
        for name in holding.FIELDS:
            value = event[name]
            if value:
                made = self._redactor.content(self._commit.Place("events", place, name), value, context)
                if made != value:
                    self._content(event, name, made, taken)
        taken.kept |= {value for name in _CLOSED if isinstance(value := event[name], str)}
        taken.kept -= taken.whole.keys()
        self._told |= taken.kept
        self._note()

    def _content(self, event: dict[str, Any], name: str, made: str, taken: Taken) -> None:
        """Notes what is withheld of a content, of which `made` is left."""
        found = self._redactor.taken
        before, after = parsed(event[name]), parsed(made)
        left, held = leaves(after), leaves(before)
        # A name of a member is withheld only where a pattern found something in it: an address, an account.
        secret = [one.value.decode("utf-8", "replace") for one in found if one.place.path.endswith("#key")]
        names = members(before)
        keys = {key for key in names if any(part in key for part in secret)}
        how = _How(
            found[-1].rule if found else self._rules[0],
            frozenset(leaf for _, leaf in left),
            # What patterns found inside of texts: the rest of these texts stays.
            {} if any(one.whole for one in found) else {_text(one.value): self._value(one) for one in found},
            alone=not isinstance(before, (dict, list)),
            cut=event.get(f"{name}_state") == "truncated",
        )
        self._told |= {parsed_leaf(leaf) for leaf in how.remaining if leaf[:1] == '"'} | (names - keys)
        taken.keys |= {key: self._token(how.rule, key) for key in keys}
        counted = {str(event[known]) for known in _COUNTED}  # kept by every policy
        for called, leaf in sorted(held - left):
            if leaf not in counted and not (leaf[:1] == '"' and tells_part(called, parsed_leaf(leaf))):
                self._leaf(called, leaf, taken, how)
        if isinstance(before, (dict, list)) and before:
            (taken.loose if name == "attributes" else taken.contents).add(jsontext.dumps(before))

    def _leaf(self, called: str, leaf: str, taken: Taken, how: _How) -> None:
        value = parsed_leaf(leaf)
        apart = leaf in how.remaining
        if isinstance(value, str):
            if self._mark(value):
                return
            parts = {} if value in how.parts else {one: token for one, token in how.parts.items() if one in value}
            token = stand_in(value, replaced(value, parts) if parts else self._token(how.rule, value), cut=how.cut)
            if how.alone:
                taken.whole[value] = token
            if apart:
                taken.apart.add(value)
            else:
                taken.gone[leaf] = token
            taken.members[called, leaf] = token
            return
        token = self._token(how.rule, leaf)
        # Numbers stand in some formats as texts (OTLP's 64 bits).
        for form in (leaf, jsontext.dumps(leaf)):
            taken.members[called, form] = token
            if not apart:
                taken.gone[form] = token

    def _value(self, one: Any) -> str:
        """What stands in place of a value that a pattern or a path found: the same wherever it stands."""
        text = _text(one.value)
        token: str = one.token if one.joined else self._token(one.rule, text)
        return self._values.setdefault(text, token) if len(text) >= LEAST and text[:1] not in ("{", "[") else token

    def _token(self, rule: str, text: str) -> str:
        self.withheld += 1
        info = self._commit.family_info(f"frozen.{rule}")
        made: str = self._redactor.committer.withheld(rule, info, text.encode("utf-8", "surrogatepass"))
        return made

    def _note(self) -> None:
        """Makes needles of what was taken, and keeps values that are looked for in all texts."""
        for one in self._redactor.taken:
            number = self._rules.index(one.rule) if one.rule in self._rules else 0
            (self._needles.add_contents if one.whole else self._needles.add_values)([one.value], number)
            if not one.whole:
                self._value(one)
        self._redactor.taken.clear()

    # --- steps 2 to 4 -----------------------------------------------------------------------------------------------

    def name(self, name: str) -> str:
        """The name of a file in the case: another one where the policy renames paths."""
        made: str = self._redactor.name("paths", name)
        if made == name:
            return name
        rule = self._rules.index(self._redactor.taken[-1].rule) if self._redactor.taken else 0
        self._needles.add_values([PurePosixPath(name).name.encode("utf-8", "surrogatepass")], rule)
        self._note()
        return made.replace(":", "-") + "".join(PurePosixPath(name).suffixes[-1:])

    def write(self, piece: Piece, target: Path) -> dict[int, int]:
        """Writes a source redacted; returns record -> its number in the file that was written.

        Raises:
            FreezeError: it is changed, or of a form that can't be redacted. LeakError: it would hold what is withheld.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        before, taken = self._readings[piece.path], self._taken[piece.path]
        with local(piece.path) as path:
            try:
                data = rereading.content(path, LARGEST)
            except (UnreadableError, OSError) as error:
                raise FreezeError(f"{piece.path}: {error}") from None
        source = bytewise.Source(piece, data, before)
        together = Taken()
        for one in taken.values():
            together.add(one)
        changed: set[tuple[str, str]] = set()

        def holds(spared: Spared) -> bool:
            def rewriter(record: int) -> Rewriter:
                return Rewriter(taken.get(record, Taken()), self._known, self._values, spared)

            around = Rewriter(together, self._known, self._values, spared)
            seen = source.write(target, rewriter, around, self._unread(piece.path))
            changed.update(seen)
            return self._same(piece, before, source.numbers, target)

        spared = holding.least_spared(holds, changed)
        if spared is None:
            raise FreezeError(
                f"{piece.path}: without what the policy {self.policy.name} withholds, records can't be read as before",
                hint="take a policy that keeps what the format is read by, or freeze without --redact",
            )
        self.spared[piece.path] = spared
        self._told |= {text for _, leaf in spared if isinstance(text := parsed_leaf(leaf), str)}
        holds(spared)
        after = rereading.read(target, str(target), self.settings)
        stays = {leaf for _, leaf in spared} | {jsontext.dumps(text) for text in self._known}
        left = holding.left(after, taken, source.numbers, stays)
        if left is not None:
            record, field = left
            errors: Any = importlib.import_module("auditrail.redact.errors")
            raise errors.LeakError(
                f"{piece.path}:{record}: what {self.policy.name} withholds as {field} is not found in its bytes",
                hint="freeze without --redact, and keep the case where the logs themselves may be kept",
            )
        if piece.guards:
            self.copies += chained.redacted(piece, data, target, self.policy.name, self._chain)
        return source.numbers

    def _chain(self, name: str) -> str:
        made: str = self._redactor.name("chain", name)
        self._note()
        return made

    def _unread(self, path: str) -> Callable[[int, bytes], bytes]:
        def made(record: int, raw: bytes) -> bytes:
            place = self._commit.Place("records", f"{path}:{record}", "quarantine")
            told: bytes = self._redactor.blob(place, raw, None)
            self._note()
            return told

        return made

    def _same(self, piece: Piece, before: Reading, numbers: dict[int, int], target: Path) -> bool:
        """Step 3: whether the copy says the same of what is kept."""
        after = rereading.read(target, str(target), self.settings)
        wanted = piece.places if piece.lines else before.events
        return after.format == before.format and all(
            before.closed(record) == after.closed(numbers[record]) for record in wanted
        )

    # --- step 5 -----------------------------------------------------------------------------------------------------

    def told(self, text: str) -> str:
        """What a person wrote about the incident: withheld where notes are, or where it says what is withheld."""
        made: str = self._redactor.content(self._commit.Place("incident", "", "notes"), text, None)
        self._note()
        made = Rewriter(Taken(), set(), self._values).text(made)
        self._settle()
        found = self._needles.search(made.encode("utf-8", "surrogatepass"))
        return made if not len(found) else self._token(self._rules[int(self._needles.rows()["rule"][found[0]])], made)

    def configuration(self, text: str) -> str:
        """The configuration, with names that are renamed under their new ones."""
        whole = {
            text: token for taken in self._taken.values() for one in taken.values() for text, token in one.whole.items()
        }
        for value, token in sorted(whole.items(), key=lambda item: -len(item[0])):
            text = text.replace(f'"{value}"', f'"{token}"')
        return Rewriter(Taken(), set(), self._values).text(text)

    def _settle(self) -> None:
        """Drops needles that say nothing: auditrail's own words, and what the policy keeps."""
        if self._settled:
            return
        self._settled = True
        self._audit.drop_own_words(self._needles)
        # What the policy keeps may stand anywhere: ids, names, members of objects, technical attributes.
        kept = "\n".join(sorted(self._told)).encode("utf-8", "surrogatepass")
        self._needles.drop(sorted(set(self._needles.search(kept).tolist())))

    def audit(self, root: Path) -> None:
        """Searches the finished files for what was withheld.

        Raises:
            LeakError: one holds it.
        """
        self._settle()
        files = [(path.relative_to(root).as_posix(), path) for path in sorted(root.rglob("*")) if path.is_file()]
        self._audit.search(self._needles, files, self._rules)

    def words(self) -> list[str]:
        """The words and numbers that stay since records are read by them, each with where it stands."""
        made: dict[str, set[str]] = defaultdict(set)
        for spared in self.spared.values():
            for path, leaf in spared:
                made[path.removeprefix(".") or "text"].add(leaf)
        return [f"{path} ({', '.join(sorted(found))})" for path, found in sorted(made.items())]


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
