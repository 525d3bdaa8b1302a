"""The script that checks a bundle without auditrail: Python's standard library alone, from 3.9 on, in twelve lines.

It does the essential part for a folder or a ZIP: the SHA-256 of every file, none missing, none that nobody lists, none
twice, SHA256SUMS as the manifest makes it, and the Merkle root of RFC 6962. It prints what is wrong, or else the
SHA-256 of the manifest, to be compared with the one that was told elsewhere; its exit code is 1 if anything is wrong.

It does not check who signed, blake3, `self`, and bytes of a ZIP outside of its files: `auditrail verify` does. Where
the manifest was changed, it names SHA256SUMS, which no longer fits it.
"""

from __future__ import annotations

NAME = "check_bundle.py"
# How it is called, for the README.
CALL = f"python3 {NAME} BUNDLE"

# Lines 1-3: enter the folder or open the ZIP, and list the files that are there. 4-6: the digest of a file, in bounded
# memory, and the root of a tree. 7-9: what there should be. 10-12: compare.
SCRIPT = r"""
from collections import Counter; import hashlib, json, os, sys, zipfile; H, P = hashlib.sha256, sys.argv[1]
Z = os.chdir(P) if os.path.isdir(P) else zipfile.ZipFile(P); read = Z.open if Z else lambda name: open(name, "rb")
names = Z.namelist() if Z else [os.path.join(d, f)[2:].replace(os.sep, "/") for d, _, fs in os.walk(".") for f in fs]
def sha(name):
    h, f = H(), read(name); [h.update(block) for block in iter(lambda: f.read(1 << 20), b"")]; return h.hexdigest()
def mth(x): return H(b"\1" + mth(x[:k]) + mth(x[k:])).digest() if (k := 1 << (len(x) - 1).bit_length() >> 1) else x[0]
m, own = json.load(read("manifest.json")), sha("manifest.json"); due = {f["path"]: f["sha256"] for f in m["files"]}
lines = [due[n] + "  " + n + "\n" for n in due]; top = mth([H(b"\0" + line.encode()).digest() for line in lines]).hex()
due["manifest.json"], due["SHA256SUMS"] = own, H(("".join(lines) + own + "  manifest.json\n").encode()).hexdigest()
have = {n: sha(n) if c < 2 else "twice" for n, c in Counter(names).items() if n[-1] != "/" and n != "manifest.note"}
bad = [f"{n!a}: {have.get(n, 'missing')}, not {due.get(n, 'listed')}" for n in due | have if have.get(n) != due.get(n)]
sys.exit("\n".join(sorted(bad)) or top != m["merkle"]["root"] and "Merkle root" or print("Fits. manifest.json:", own))
""".strip()
