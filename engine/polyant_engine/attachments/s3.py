"""A bucket of S3 or of anything that speaks its protocol, by boto3 in threads.

boto3 costs 30 MB and half a second, so it is imported by the first call. Its own retries with
back-off stand (`standard`); proxies come from the environment, as everywhere.
"""

import asyncio
import logging
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from polyant_engine.attachments.ports import StorageUnavailable

_log = logging.getLogger(__name__)

_CONNECT_SECONDS: Final = 5
_READ_SECONDS: Final = 20
_TRIES: Final = 3
_ABSENT: Final = ("NoSuchKey", "404")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Which bucket, and how to enter it."""

    bucket: str
    region: str
    endpoint: str | None  # None: that of the region at AWS
    access_key_id: str | None  # None: the identity of the pod
    secret_access_key: str | None = field(repr=False)
    extra_ca_file: str | None = None  # authorities besides the usual ones


class S3Bucket:
    """A `Bucket`."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._made: Any = None

    async def put(self, key: str, content: bytes, media_type: str) -> None:
        """Store a content; raise `StorageUnavailable`."""

        def put(client: Any) -> None:
            client.put_object(
                Bucket=self._place.bucket, Key=key, Body=content, ContentType=media_type
            )

        await asyncio.to_thread(self._asked, put)

    async def get(self, key: str) -> bytes | None:
        """Return a content, or None when it is not there; raise `StorageUnavailable`."""

        def get(client: Any) -> bytes:
            found: bytes = client.get_object(Bucket=self._place.bucket, Key=key)["Body"].read()
            return found

        return await asyncio.to_thread(self._asked, get)

    def _asked(self, question: Callable[[Any], bytes | None]) -> bytes | None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return question(self._client())
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _ABSENT:
                return None
            raise self._unavailable(error) from error
        except BotoCoreError as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> StorageUnavailable:
        _log.warning("bucket %s: %s", self._place.bucket, error)
        return StorageUnavailable("The storage of attachments does not answer as it should.")

    def _client(self) -> Any:
        # Making one is not safe in two threads at once; using it is.
        with self._lock:
            if self._made is None:
                self._made = _client_for(self._place)
            return self._made


def _client_for(place: Place) -> Any:
    import boto3
    from botocore.config import Config

    # Storage that is not at AWS has one host for all buckets.
    style = "path" if place.endpoint else "auto"
    return boto3.session.Session().client(
        "s3",
        region_name=place.region,
        endpoint_url=place.endpoint,
        aws_access_key_id=place.access_key_id,
        aws_secret_access_key=place.secret_access_key,
        verify=_authorities(place.extra_ca_file),
        config=Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"total_max_attempts": _TRIES, "mode": "standard"},
            s3={"addressing_style": style},
        ),
    )


def _authorities(extra_ca_file: str | None) -> str | None:
    """Write the usual authorities and the extra ones into one file: botocore takes no two."""
    if extra_ca_file is None:
        return None
    from botocore.httpsession import get_cert_path

    usual = Path(get_cert_path(True)).read_bytes()  # noqa: FBT003  a signature of botocore's
    with tempfile.NamedTemporaryFile(prefix="authorities-", suffix=".pem", delete=False) as bundle:
        bundle.write(usual + b"\n" + Path(extra_ca_file).read_bytes())
    return bundle.name
