"""Kinds of protected evidence: ONE FILE = ONE KIND; the folder is the registry.

A module of this folder has

    NAME: str                  stable, as it is shown and as `Result.kind` carries it
    TITLE: str                 one line for people
    def claim(item: Evidence, beside: Sequence[Evidence], call: Call) -> Claim | None
        What the file is to this kind, by its content (`item.head`, decompressed) and what lies beside it (all files of
        the call). None: nothing. `Claim.score` 1..100: how sure; the kind with the highest score gets the file, at
        equal scores the one whose name sorts first. `Claim.companion`: the file only helps to verify others (a
        sidecar, a list of keys, a checkpoint): it goes along, and gets no result of its own.
        Must be quick and must not raise on hostile bytes.
    def verify(items: Sequence[Evidence], companions: Sequence[Evidence], call: Call) -> list[Result]
        Results for the files it won, in the order of the call. Findings are `Defect`s, never exceptions; a file that
        can't be read is a `Result` with the verdict UNVERIFIABLE and the reason in `not_checked`.

A kind that judges an archive or a folder as a whole, as it lies there, also has

    def whole(item: Input) -> Path | None
        The path of what a file (before archives are opened) is the sign of: its own, or that of a folder around it. It
        becomes one piece of evidence with `Evidence.whole` = NAME; nothing in it is unpacked or shown to other kinds.

`Evidence`, `Claim` and `Call` are in `verify.evidence`. `Call` carries the options, the keys (`verify.keys.Keyring`)
and the anchors (`verify.anchors`). A file that no kind claims gets NOT-CHAINED from the engine.

What every kind holds to: INTACT only against an anchor that was given; nothing checked is never INTACT; every defect
is listed, not the first; `not_checked` says what the verdict leaves open; `uncovered_fields` what anyone may have
changed unseen. The steps of the algorithm are numbered in the module's docstring, and the code carries the numbers.
"""
