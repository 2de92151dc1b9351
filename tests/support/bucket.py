"""A server that speaks the protocol of S3, as a process of its own."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from bench.stack import free_port

START_SECONDS = 60
NAME, REGION = "polyant-files", "eu-central-1"
KEY_ID, SECRET_KEY = "key-id", "secret-key"


@dataclass(frozen=True, kw_only=True)
class Storage:
    """One bucket, made and empty."""

    url: str

    @property
    def variables(self) -> dict[str, str]:
        """What an engine is told about it."""
        return {
            "PLATFORM_S3_BUCKET": NAME,
            "PLATFORM_S3_REGION": REGION,
            "PLATFORM_S3_ENDPOINT": self.url,
            "PLATFORM_S3_ACCESS_KEY_ID": KEY_ID,
            "PLATFORM_S3_SECRET_ACCESS_KEY": SECRET_KEY,
        }

    @property
    def client(self) -> Any:
        return boto3.client(
            "s3",
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET_KEY,
        )

    def keys(self) -> list[str]:
        """Name everything in the bucket."""
        listed = self.client.list_objects_v2(Bucket=NAME)
        return [each["Key"] for each in listed.get("Contents", ())]


@contextmanager
def running(log: Path) -> Iterator[Storage]:
    """Start the server with one bucket; it ends with the block."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=dict(os.environ))
    storage = Storage(url=f"http://127.0.0.1:{port}")
    try:
        _wait(port)
        place = {"LocationConstraint": REGION}
        storage.client.create_bucket(Bucket=NAME, CreateBucketConfiguration=place)
        yield storage
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/", timeout=2).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return
