"""Client configurations: how each component, and the person at the keyboard, reaches the API server."""

from pathlib import Path

import yaml

from dev.cluster.pki import KeyPair


def rendered(server: str, authority: Path, client: KeyPair, *, context: str) -> str:
    """Return a kubeconfig that refers to certificate files by their absolute path."""
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": context,
                    "cluster": {"server": server, "certificate-authority": str(authority)},
                }
            ],
            "users": [
                {
                    "name": context,
                    "user": {
                        "client-certificate": str(client.certificate),
                        "client-key": str(client.key),
                    },
                }
            ],
            "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
            "current-context": context,
        }
    )


def write(path: Path, text: str) -> Path:
    """Write a kubeconfig that only its owner can read, at once and whole."""
    scratch = path.with_name(f".{path.name}.new")
    scratch.unlink(missing_ok=True)
    scratch.touch(mode=0o600)
    scratch.write_text(text, encoding="utf-8")
    return scratch.replace(path)
