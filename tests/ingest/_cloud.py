"""A cloud on this machine: moto's server, started once for the tests that need one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import pytest

REGION = "us-east-1"


def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a fresh server; keys and endpoint stand in the environment, where all clients look."""
    moto = pytest.importorskip("moto.server", reason="moto[server] is not installed: no local cloud to test against")
    running = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    address = f"http://{host}:{port}"
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": address,
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    # What an earlier server of the same process held is there still.
    urlopen(Request(f"{address}/moto-api/reset", method="POST")).close()  # noqa: S310 - our own server
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    try:
        yield address
    finally:
        running.stop()


def client(service: str) -> Any:
    boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")
    return boto3.client(service, region_name=REGION)
