"""The pinned tools: each subfolder is a Go module that names versions, `binary` builds what is missing.

Belongs here: which tools exist, how they are built, where the binaries are cached.
Does not belong here: how a tool is used.
"""

from dev.cluster.tools.build import binary as binary  # the one function other parts need
