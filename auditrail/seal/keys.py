"""Keys in files and in the environment: the private half for its owner alone, the public half beside it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from auditrail import notes
from auditrail.errors import NoteError, SealError, UsageError
from auditrail.notes import Signer, Verifier

# Holds a private key, as `keygen` writes it, for machines that keep secrets in the environment.
VARIABLE = "AUDITRAIL_SEAL_KEY"
PUBLIC = ".pub"


def create(name: str, path: Path) -> Signer:
    """Makes a key and writes it to `path` (mode 0600) and its public half to `path` + `.pub`; overwrites neither.

    Raises:
        UsageError: a file of that name is there, or cannot be made, or the name is none for a key.
    """
    try:
        signer = notes.generate(name)
    except NoteError as error:
        raise UsageError(f"{name!r}: {error.message}", hint="write it like example.com/sealing-2026") from error
    public = path.with_name(path.name + PUBLIC)
    made: list[Path] = []
    try:
        for target, text, mode in ((path, signer.render(), 0o600), (public, signer.verifier.render(), 0o644)):
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            made.append(target)
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(text + "\n")
    except OSError as error:
        for target in made:
            target.unlink(missing_ok=True)
        where = error.filename or path
        raise UsageError(f"{where} can't be made: {(error.strerror or str(error)).lower()}") from error
    return signer


def signer(path: Path | None) -> Signer:
    """The private key of a file, or of the environment where none is named.

    Raises:
        UsageError: there is none. SealError: others can read it. NoteError: it is damaged.
    """
    if path is None:
        text = os.environ.get(VARIABLE, "")
        if not text.strip():
            raise UsageError(
                "no key to sign with",
                hint=f"make one with: auditrail keygen NAME -o seal.key; name it with --key, or put it in {VARIABLE}",
            )
        return notes.signer(text)
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(notes.MOST_BYTES)
    except OSError as error:
        raise UsageError(f"the key {path} can't be read: {(error.strerror or str(error)).lower()}") from error
    try:
        made = notes.signer(data.decode())
    except (UnicodeDecodeError, NoteError) as error:
        reason = error.message if isinstance(error, NoteError) else "it is no text"
        raise UsageError(f"{path}: {reason}", hint="keys are made with: auditrail keygen NAME -o FILE") from None
    if stat.S_ISREG(mode) and mode & 0o077:
        # A key that others could have read proves nothing.
        raise SealError(f"the private key {path} is open to others", hint=f"close it with: chmod 600 {path}")
    return made


def verifiers(words: Sequence[str]) -> list[Verifier]:
    """The public keys that words name: each a file of them, or a key itself (name+id+base64).

    Raises:
        UsageError: a word names neither.
    """
    made: list[Verifier] = []
    for word in words:
        try:
            made += notes.verifiers(Path(word).read_text("utf-8"))
        except (OSError, ValueError):  # a key is no name of a file, or too long for one
            try:
                made.append(notes.verifier(word))
            except NoteError:
                raise UsageError(
                    f"{word!r} is neither a file of public keys nor one itself",
                    hint="keygen writes the public key to FILE.pub",
                ) from None
        except NoteError as error:
            raise UsageError(f"{word}: {error.message}") from error
    return made


def with_cosigners(keys: Iterable[Verifier]) -> list[Verifier]:
    """The same keys, each also as that of a cosigner: whoever is trusted to sign is trusted to cosign."""
    found = list(keys)
    return [*found, *(key.cosigner() for key in found if key.kind == notes.ED25519)]
