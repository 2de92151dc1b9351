"""The storage class `standard`: makes a folder and a PersistentVolume for each claim, removes both after it.

Runs as one of the node's processes. It looks at the cluster once a second, which is simpler than
watching and quick enough here; every step may fail and is simply tried again.
"""

import json
import shutil
import ssl
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Protocol

import yaml

PROVISIONER = "polyant.ai/local-folder"
STORAGE_CLASS = "standard"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
LOOK_EVERY = 1.0  # seconds

Manifest = dict[str, Any]


class Caller(Protocol):
    """Whoever answers our requests."""

    def call(self, method: str, path: str, body: Manifest | None = None) -> Manifest:
        """Make one request and return the object in the answer."""
        ...


class Api:
    """The few calls this program makes, with a kubeconfig that names certificate files."""

    def __init__(self, kubeconfig: Path) -> None:
        config = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._server = cluster["server"]
        self._tls = ssl.create_default_context(cafile=cluster["certificate-authority"])
        self._tls.load_cert_chain(user["client-certificate"], user["client-key"])

    def call(self, method: str, path: str, body: Manifest | None = None) -> Manifest:
        """Make one request and return the object in the answer."""
        request = urllib.request.Request(  # noqa: S310 - our own API server
            f"{self._server}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, context=self._tls, timeout=10) as answer:  # noqa: S310 - as above
            document: Manifest = json.load(answer)
        return document


def volume_for(claim: Manifest, folder: Path, node: str) -> Manifest:
    """Return the volume that a claim gets: a folder on the node, bound to this claim alone."""
    meta, spec = claim["metadata"], claim["spec"]
    name = f"pvc-{meta['uid']}"
    expression = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {PROVISIONED_BY: PROVISIONER}},
        "spec": {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "accessModes": spec["accessModes"],
            "volumeMode": "Filesystem",
            "storageClassName": STORAGE_CLASS,
            "persistentVolumeReclaimPolicy": "Delete",
            "local": {"path": str(folder / name)},
            "nodeAffinity": {
                "required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
            },
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": meta["namespace"],
                "name": meta["name"],
                "uid": meta["uid"],
            },
        },
    }


def is_waiting(claim: Manifest) -> bool:
    """Tell whether a claim wants a volume now: ours, unbound, and its pod has been placed."""
    meta, spec = claim["metadata"], claim["spec"]
    return (
        spec.get("storageClassName") == STORAGE_CLASS
        and not spec.get("volumeName")
        and "deletionTimestamp" not in meta
        and SELECTED_NODE in meta.get("annotations", {})
    )


def is_released(volume: Manifest) -> bool:
    """Tell whether a volume of ours lost its claim and is to be removed."""
    annotations = volume["metadata"].get("annotations", {})
    return bool(
        annotations.get(PROVISIONED_BY) == PROVISIONER
        and volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete"
        and volume.get("status", {}).get("phase") == "Released"
    )


def look(api: Caller, folder: Path, node: str) -> None:
    """Make the volumes that are wanted and remove those that are not."""
    volumes = api.call("GET", "/api/v1/persistentvolumes")["items"]
    known = {volume["metadata"]["name"] for volume in volumes}
    for claim in api.call("GET", "/api/v1/persistentvolumeclaims")["items"]:
        if is_waiting(claim) and f"pvc-{claim['metadata']['uid']}" not in known:
            _provide(api, volume_for(claim, folder, node))
    for volume in filter(is_released, volumes):
        _remove(api, volume, folder)


def _provide(api: Caller, volume: Manifest) -> None:
    path = Path(volume["spec"]["local"]["path"])
    path.mkdir(parents=True, exist_ok=True)  # root's, as on a cloud disk: pods need fsGroup
    api.call("POST", "/api/v1/persistentvolumes", volume)
    _log(f"made {path.name}")


def _remove(api: Caller, volume: Manifest, folder: Path) -> None:
    name = volume["metadata"]["name"]
    shutil.rmtree(folder / name, ignore_errors=True)
    api.call("DELETE", f"/api/v1/persistentvolumes/{name}")
    _log(f"removed {name}")


def _log(line: str) -> None:
    print(line, flush=True)


def main(kubeconfig: str, folder: str, node: str) -> None:
    """Look every second until killed."""
    api = Api(Path(kubeconfig))
    while True:
        try:
            look(api, Path(folder), node)
        except (OSError, urllib.error.URLError, ValueError) as error:
            _log(f"will try again: {error}")
        time.sleep(LOOK_EVERY)


if __name__ == "__main__":
    main(*sys.argv[1:])
