"""Echoes: a value that a rule withholds in its place, and that stands in a text which the policy keeps, too.

A name that is withheld as `args.full_name` is greeted with in the answer of a model. Each text inside of JSON, or each
plain text, that holds such a value is withheld whole, by the rule of the value: which words of it give the value away
is not for a program to say. Values are found from `needles.LEAST_VALUE` bytes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from auditrail import jsontext
from auditrail.errors import RecordError
from auditrail.redact.batch import Job, row_names
from auditrail.redact.commit import TOKEN, Committer, Place
from auditrail.redact.fields import CONTENT
from auditrail.redact.needles import Needles

if TYPE_CHECKING:
    from collections import Counter

    from auditrail.redact.policy import Rule


class Echoes(NamedTuple):
    """Withholds echoes; `counts` has (rule, field) -> how many."""

    needles: Needles
    rules: tuple[Rule, ...]
    committer: Committer
    counts: Counter[tuple[str, str]]

    def columns(self, job: Job, rows: Any) -> dict[str, Any]:
        """The columns of a batch in which something was withheld, by name.

        Args:
            job: with the columns to look through; only those of contents are.
            rows: a `pyarrow.RecordBatch` with all columns of the table.
        """
        import pyarrow as pa

        made = {}
        for name, field in job.columns:
            if field not in CONTENT or rows.column(name).type not in (pa.string(), pa.binary()):
                continue
            values = rows.column(name).to_pylist()
            hit = self._hit(values)
            if hit:
                beside = {one: rows.column(one) for one in rows.schema.names}
                names = row_names(job, beside, len(values))
                table = "facts" if job.fact else job.table
                for n, rule in hit.items():
                    values[n] = self._clean(values[n], rule, Place(table, names[n], field))
                made[name] = pa.array(values, rows.column(name).type)
        return made

    def _hit(self, values: list[Any]) -> Mapping[int, int]:
        """Row -> number of the rule, of the rows in which a value stands."""
        import numpy as np

        texts = [b"" if one is None else one if isinstance(one, bytes) else one.encode() for one in values]
        found, begins = self.needles.places(b"\0".join(texts))
        ends = np.cumsum([len(text) + 1 for text in texts])
        rules = self.needles.rows()["rule"][found].tolist()
        return dict(zip(np.searchsorted(ends, begins, "right").tolist(), rules, strict=True))

    def _clean(self, value: Any, rule: int, place: Place) -> Any:
        if isinstance(value, bytes):
            return self._token(rule, place, value).encode()
        try:
            parsed = jsontext.parse(value.encode())[0] if value[:1] in ("{", "[") else None
        except RecordError:
            parsed = None
        if isinstance(parsed, (dict, list)):
            made = jsontext.dumps(self._walk(parsed, place))
            if not len(self.needles.search(made.encode())):
                return made
        token = self._token(rule, place, value.encode())
        return jsontext.dumps({"withheld": token}) if place.field == "attributes" else token

    def _walk(self, node: Any, place: Place) -> Any:
        if isinstance(node, dict):
            return {key: self._walk(value, _below(place, key)) for key, value in node.items()}
        if isinstance(node, list):
            return [self._walk(value, _below(place, str(n))) for n, value in enumerate(node)]
        text = node if isinstance(node, str) else jsontext.dumps(node)
        found = self.needles.search(text.encode())
        if not len(found) or TOKEN.fullmatch(text):
            return node
        return self._token(int(self.needles.rows()["rule"][found[0]]), place, text.encode())

    def _token(self, rule: int, place: Place, value: bytes) -> str:
        name = self.rules[rule].id
        self.counts[name, place.field] += 1
        return self.committer.withheld(name, place.info(), value)


def _below(place: Place, key: str) -> Place:
    return place._replace(path=f"{place.path}/{key.replace('~', '~0').replace('/', '~1')}")
