"""`python -m dev.dist`: write every generated file of an installation anew."""

import sys

from dev.dist import chart_readme, customizations, manifests


def main() -> int:
    """Write what has changed and name it; the CRD of the chart first, since others read it."""
    manifests.copy_crd()
    texts = {
        manifests.OPERATOR: manifests.operator(),
        manifests.INSTALL: "",
        customizations.CONFIG_MAP: customizations.config_map(),
        chart_readme.README: chart_readme.readme(),
    }
    for path, text in texts.items():
        # install.yaml is made of the files before it.
        content = text or manifests.install()
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
            print(f"wrote {path.relative_to(manifests.ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
