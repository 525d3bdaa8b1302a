"""Addresses on a command line: objects in `s3://`, `gs://`, `abfs://`, and CloudWatch log groups.

`<scheme>://<bucket>/<prefix>` names one object, or all objects below a folder or prefix, in sorted order. Credentials
come from the environment, as pyarrow and the cloud's own libraries read it; region, endpoint and the like may stand in
the query (`?region=eu-central-1&endpoint_override=...&scheme=http`); AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL name the
endpoint of S3, which pyarrow itself does not read (apache/arrow issue 49643). What is shown and stored is the address
of the object, without query and without credentials.

An object is spooled to a file beside the case when its turn comes, and removed after its load: a source is hashed
before it is read, and may be larger than memory. `cloudwatch://` is told in `pages`.

Nothing of pyarrow or boto3 is loaded, and no network is touched, unless an address was given. What goes wrong with one
object is an input with an error; it never stops the others.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from auditrail.errors import UsageError
from auditrail.ingest import pages
from auditrail.ingest.inputs import Input, Place

SCHEMES = ("s3", "gs", "gcs", "abfs", "abfss")
_ADDRESS = re.compile(r"([a-z][a-z0-9+]*)://(.*)\Z", re.DOTALL)
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
_BLOCK = 1 << 20
# So much stays free beside the case, for the case itself.
_ROOM = 256 << 20
_LONGEST_REASON = 300
_METADATA = (("ETag", "ETag"), ("VersionId", "version"), ("Last-Modified", "last modified"))


class _Object(NamedTuple):
    """An object to be fetched: `key` is its path inside the file system."""

    system: Any
    key: str


def is_address(text: str) -> bool:
    """Whether an argument is an address and no path: it names a scheme."""
    return _ADDRESS.match(text) is not None


@contextmanager
def named(
    texts: Iterable[str | Path], case: Path
) -> Iterator[tuple[list[Path | Place], Callable[[Iterable[Input]], Iterator[Input]]]]:
    """Replaces addresses by places, which `inputs.expand` asks for their inputs.

    The second value fetches: it passes inputs on in order, and an object's bytes stand under its path from then on,
    until the next input is asked for. What was spooled is removed on leaving.

    Raises:
        UsageError: an address of an unknown scheme, or one that makes no sense.
    """
    texts = list(texts)
    if not any(isinstance(text, str) and is_address(text) for text in texts):
        yield [Path(text) for text in texts], iter
        return
    beside = case.parent if case.parent.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix=".auditrail-remote-", dir=beside))
    spool = _Spool(folder)
    try:
        yield [_place(text, case, spool) if isinstance(text, str) else text for text in texts], spool.fetched
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place(text: str, case: Path, spool: _Spool) -> Path | Place:
    match = _ADDRESS.match(text)
    if match is None:
        return Path(text)
    if match[1] == pages.SCHEME:
        return pages.LogGroup.parsed(text, case.with_name(case.name + ".pages"))
    if match[1] not in SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in (*SCHEMES, pages.SCHEME))
        raise UsageError(f"{match[1]}:// is no address that can be read", hint=f"addresses: {known}")
    return _Bucket(match[1], match[2], spool)


class _Spool:
    """The files that objects are fetched into, and where each comes from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._objects: dict[Path, _Object] = {}

    def file(self, shown: str, found: _Object | None = None) -> Path:
        """A path for an address, the same for the same address."""
        path = self.folder / hashlib.blake2b(shown.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        if found is not None:
            self._objects[path] = found
        return path

    def fetched(self, items: Iterable[Input]) -> Iterator[Input]:
        for item in items:
            found = self._objects.get(item.path)
            if found is None or item.error is not None:
                yield item
                continue
            try:
                yield self._fetch(item, found)
            finally:
                item.path.unlink(missing_ok=True)

    def _fetch(self, item: Input, found: _Object) -> Input:
        if shutil.disk_usage(self.folder).free < item.size + _ROOM:
            return item._replace(error="no room beside the case to fetch it")
        size = 0
        try:
            # Compressed objects stay as they are: the hash is that of the object.
            with (
                found.system.open_input_stream(found.key, compression=None, buffer_size=_BLOCK) as stream,
                item.path.open("wb") as out,
            ):
                remarks = _remarks(stream)
                while block := stream.read(_BLOCK):
                    size += len(block)
                    out.write(block)
        except Exception as error:  # noqa: BLE001 - the cloud libraries raise what they like; the rest must be loaded
            return item._replace(error=_reason(error))
        return item._replace(size=size, remarks=remarks)


def _remarks(stream: Any) -> tuple[tuple[str, str], ...]:
    """What the store says of an object's version."""
    try:
        metadata = stream.metadata() or {}
    except Exception:  # noqa: BLE001 - not every store has such a thing
        return ()
    told = {_text(key): _text(value) for key, value in metadata.items()}
    parts = [f"{word} {told[key].strip(chr(34))}" for key, word in _METADATA if told.get(key)]
    return (("remote-object", ", ".join(parts)),) if parts else ()


def _text(value: Any) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


class _Bucket:
    """The objects at or below an address."""

    def __init__(self, scheme: str, rest: str, spool: _Spool) -> None:
        self._scheme = scheme
        path, _, self._query = rest.partition("?")
        self._login, at, bare = path.rpartition("@")
        self._bare = bare
        self._spool = spool
        if not bare.partition("/")[0]:
            raise UsageError(f"{scheme}:// names no bucket", hint=f"write it like {scheme}://bucket/prefix")
        # The container of `abfs://container@account...` is no login.
        self._account = f"{self._login}{at}" if scheme.startswith("abfs") else ""
        self.shown = f"{scheme}://{self._account}{bare}"

    def inputs(self) -> Iterator[Input]:
        try:
            system, key = self._open()
            found = list(self._listed(system, key))
        except Exception as error:  # noqa: BLE001 - as in `_Spool._fetch`
            yield self._failed(_reason(error))
            return
        if not found:
            yield self._failed("no such object, prefix or bucket")
        root = key.partition("/")[0]
        for path, size in sorted(found):
            inside = path[len(root) :].lstrip("/")
            host = self._bare.partition("/")[0]
            shown = f"{self._scheme}://{self._account}{host}/{inside}"
            yield Input(shown, self._spool.file(shown, _Object(system, path)), size)

    def _failed(self, reason: str) -> Input:
        return Input(self.shown, self._spool.file(self.shown + "\0"), 0, reason)

    def _open(self) -> tuple[Any, str]:
        from pyarrow import fs

        query = self._query
        if self._scheme == "s3" and "endpoint_override" not in query:
            endpoint = next((value for name in _ENDPOINTS if (value := os.environ.get(name))), "")
            if match := re.fullmatch(r"(?:(https?)://)?([^/]+)/?", endpoint):
                more = {"endpoint_override": match[2], **({"scheme": match[1]} if match[1] else {})}
                query = "&".join(part for part in (query, urlencode(more)) if part)
        login = f"{self._login}@" if self._login else ""
        # A key is taken as it stands, as the clouds' own tools do: `%20` is no blank.
        host, slash, path = self._bare.partition("/")
        uri = f"{self._scheme}://{login}{host}{slash}{quote(path, safe='/~')}" + (f"?{query}" if query else "")
        found: tuple[Any, str] = fs.FileSystem.from_uri(uri)
        return found

    def _listed(self, system: Any, key: str) -> Iterator[tuple[str, int]]:
        from pyarrow import fs

        info = system.get_file_info(key)
        if info.type == fs.FileType.File:
            yield info.path, info.size
            return
        folders = [key]
        if info.type == fs.FileType.NotFound:
            parent, slash, start = key.rpartition("/")
            if not slash:
                return
            near = system.get_file_info(fs.FileSelector(parent, allow_not_found=True))
            near = [item for item in near if item.base_name.startswith(start)]
            yield from ((item.path, item.size) for item in near if item.type == fs.FileType.File)
            folders = [item.path for item in near if item.type == fs.FileType.Directory]
        for folder in folders:
            for item in system.get_file_info(fs.FileSelector(folder, recursive=True)):
                if item.type == fs.FileType.File:
                    yield item.path, item.size


def _reason(error: Exception) -> str:
    text = str(error) if not isinstance(error, OSError) or not error.strerror else error.strerror
    text = " ".join(text.split()) or type(error).__name__
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}..."
