"""Timestamps of RFC 3161, by an authority that openssl plays on this machine."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography.x509 import load_pem_x509_certificate

from auditrail.errors import SealError, UsageError
from auditrail.seal import sidecar, stamps
from tests.seal._logs import SIGNER, jsonl, seal, write

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl plays the authority")

CONFIG = """
[req]
distinguished_name = name
x509_extensions = {extensions}
prompt = no
[name]
CN = {name}
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[tsa]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[config]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


def openssl(*words: str | Path) -> bytes:
    return subprocess.run(["openssl", *words], check=True, capture_output=True).stdout


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a root, the authority's certificate and key."""
    folder = tmp_path_factory.mktemp("tsa")
    (folder / "serial").write_text("01\n")
    for name in ("root", "tsa"):
        config = folder / f"{name}.cnf"
        config.write_text(CONFIG.format(extensions=name, name=f"test {name}", folder=folder))
        openssl("genrsa", "-out", folder / f"{name}.key", "2048")
    openssl("req", "-new", "-x509", "-key", folder / "root.key", "-out", folder / "root.pem", "-days", "36500",
            "-config", folder / "root.cnf")  # fmt: skip
    openssl("req", "-new", "-key", folder / "tsa.key", "-out", folder / "tsa.csr", "-config", folder / "tsa.cnf")
    openssl("x509", "-req", "-in", folder / "tsa.csr", "-CA", folder / "root.pem", "-CAkey", folder / "root.key",
            "-set_serial", "2", "-days", "36500", "-extfile", folder / "tsa.cnf", "-extensions", "tsa",
            "-out", folder / "tsa.pem")  # fmt: skip
    return folder


@pytest.fixture
def address(authority: Path) -> Iterator[str]:
    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query, reply = authority / "query", authority / "reply"
            query.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            data = b"no stamp"
            if self.path == "/":
                openssl("ts", "-reply", "-queryfile", query, "-config", authority / "tsa.cnf", "-section", "config",
                        "-out", reply)  # fmt: skip
                data = reply.read_bytes()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *words: object) -> None:  # noqa: A002
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_seal_is_stamped_and_the_stamp_holds(tmp_path: Path, authority: Path, address: str) -> None:
    log = write(tmp_path / "log", jsonl(range(9)))
    seal(log, stamp=stamps.asker(address))
    header = sidecar.header_of(sidecar.path_of(log))
    (stamp,) = header.stamps
    roots = [load_pem_x509_certificate((authority / "root.pem").read_bytes())]
    found = stamps.check(stamp, header.sealed.note, roots)
    assert found.problem is None
    assert found.time is not None
    assert stamps.check(stamp, header.sealed.note, []).problem == "no certificate of an authority was given"
    other = header.sealed.note._replace(signatures=(SIGNER.sign("another\n"),))
    assert stamps.check(stamp, other, roots).problem == "it is of something else"
    assert stamps.check(stamp[:-9], header.sealed.note, roots).problem is not None
    assert stamps.check(b"", header.sealed.note, roots).problem == "it can't be read"
    broken = bytearray(stamp)
    broken[-3] ^= 1
    assert stamps.check(bytes(broken), header.sealed.note, roots).problem is not None


def test_an_authority_that_gives_no_stamp(tmp_path: Path, address: str) -> None:
    log = write(tmp_path / "log", jsonl(range(9)))
    with pytest.raises(SealError, match="something else"):
        seal(log, stamp=stamps.asker(address + "other"))
    with pytest.raises(SealError, match="gave no timestamp"):
        seal(log, stamp=stamps.asker("http://127.0.0.1:9/"))
    assert not sidecar.path_of(log).exists()
    for wrong in ("ftp://a.example/", "file:///etc/passwd", "a.example"):
        with pytest.raises(UsageError):
            stamps.asker(wrong)
