"""What the base image holds. Apart from how it is made, because a change here makes every image new."""

SUITE = "bookworm"
PACKAGES = ("python3-minimal", "python3-venv", "ca-certificates")
# Documentation and translations are half of a minimal Debian, and no container reads them.
EXCLUDED = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*")
