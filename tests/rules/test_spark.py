"""Every rule gives the same rows on Spark as on DuckDB: one SQL text, untranslated.

The case holds the hits of every rule's fixtures and made-up fleets with mixtures of faults, so that each rule finds
something. Its tables and all facts go to Parquet; each rule then runs on both engines, and the rows are compared as
multisets. Needs the extra `spark` and Java; skipped without them.
"""

from __future__ import annotations

import random
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditrail import case, discover, schema
from auditrail.correlate.settle import settle
from auditrail.gaps import build, engine
from auditrail.gaps.rule import rules
from auditrail.ingest import verdicts
from auditrail.ingest.inputs import expand
from auditrail.ingest.load import Loader
from auditrail.verify import engine as verification
from auditrail.verify.evidence import Call
from auditrail.verify.keys import Keyring
from tests.gaps._case import NO_LOGS

pyspark = pytest.importorskip("pyspark", reason="needs the extra spark")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.spark,
    pytest.mark.skipif(shutil.which("java") is None, reason="needs Java"),
    pytest.mark.filterwarnings("ignore"),
]

FIXTURES = Path(__file__).parents[2] / "fixtures" / "rules"
# What rules read beside facts.
WORDS = frozenset(re.findall(r"[a-z_]+", " ".join(rule.sql for rule in rules().values())))
TABLES = tuple(table for table in (*schema.tables(), *schema.views()) if table in WORDS)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A case in which every rule finds something, with all facts built."""
    import _content_faults  # noqa: F401 - registers its faults
    from _faults import FAULTS, spoil
    from _producers import FAMILIES, family

    folder = tmp_path_factory.mktemp("logs")
    names = sorted(FAULTS)
    for number, name in enumerate(FAMILIES):
        fleet = family(name).fleet(40, seed=number)
        spoil(fleet, random.Random(number).sample(names, 8), seed=number)
        fleet.write(folder / name)
    files = [path for path in folder.rglob("*") if path.is_file()]
    files += [path for path in FIXTURES.glob("*/hit*/**/*") if path.is_file() and path.name not in NO_LOGS]
    connection = case.memory_case()
    try:
        Loader(connection).load_all(expand(sorted(files)))
        settle(connection)
        verdicts.record(connection, verification.run(sorted(files), Call(Keyring())))
        build.build(connection, [*discover.names("auditrail.gaps.facts"), "params"])
        yield connection
    finally:
        connection.close()


@pytest.fixture(scope="module")
def spark(held: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Spark session of this machine that sees the tables and facts of the case under their names."""
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    try:
        session.sparkContext.setLogLevel("ERROR")
        for table in (*TABLES, *discover.names("auditrail.gaps.facts"), "params"):
            path = folder / f"{table}.parquet"
            held.execute(f"COPY (SELECT * FROM {table}) TO '{path}' (FORMAT parquet)")
            session.read.parquet(str(path)).createOrReplaceTempView(table)
        yield session
    finally:
        session.stop()


@pytest.mark.parametrize("name", rules())
def test_a_rule_gives_the_same_rows(name: str, held: Any, spark: Any) -> None:
    rule = rules()[name]
    columns = engine.columns_of(held, rule)
    assert "DOUBLE" not in columns.values(), "two engines do not add up floating point numbers alike"
    ours = Counter(held.execute(rule.sql).fetchall())
    answer = spark.sql(rule.sql)
    assert [column.lower() for column in answer.columns] == [column.lower() for column in columns]
    theirs = Counter(tuple(row) for row in answer.collect())
    assert ours - theirs == Counter()
    assert theirs - ours == Counter()


def test_the_rules_find_something(held: Any) -> None:
    silent = [name for name, rule in rules().items() if not held.execute(rule.sql).fetchall()]
    # A few need a case of their own, which others' records would hide.
    assert len(silent) <= len(rules()) // 4, silent
