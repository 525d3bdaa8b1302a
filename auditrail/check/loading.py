"""A folder of evidence as a case in memory: loaded, put together and verified as every command does it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from auditrail.config import Config
from auditrail.verify.types import VerificationReport

if TYPE_CHECKING:
    import duckdb

    from auditrail.verify.keys import Keyring


class Held(NamedTuple):
    """A case in memory, and the verdicts on its files."""

    connection: duckdb.DuckDBPyConnection
    verification: VerificationReport


@contextmanager
def held(paths: Sequence[Path], settings: Config, keys: Keyring | None = None) -> Iterator[Held]:
    """Loads everything that the paths name, and verifies it with these keys.

    Raises:
        NothingReadableError: no reader knew any of it.
    """
    import tempfile

    from auditrail import case as cases
    from auditrail.correlate.settle import settle
    from auditrail.errors import NothingReadableError
    from auditrail.ingest import inputs, verdicts
    from auditrail.ingest.load import Loader, Options
    from auditrail.ingest.streams import Progress
    from auditrail.verify import engine
    from auditrail.verify.evidence import Call
    from auditrail.verify.keys import Keyring

    with closing(cases.memory_case()) as connection:
        loader = Loader(connection, Options(config=settings), Progress())
        with inputs.open_archives(inputs.expand(paths), Path(tempfile.gettempdir())) as opened:
            loader.load_all(opened)
        if not any(source.format for source, _ in loader.sources()):
            raise NothingReadableError(f"nothing could be read under {', '.join(map(str, paths)) or 'no path'}")
        settle(connection)
        verification = engine.run(paths, Call(keys or Keyring(), profiles=settings.chains))
        verdicts.record(connection, verification)
        yield Held(connection, verification)
