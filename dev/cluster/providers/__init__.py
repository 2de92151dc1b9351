"""Where the cluster comes from: this machine's own node, kind, or one that is there already.

Belongs here: one file per source, all behind one interface, and the choice between them.
Does not belong here: how a local node works (`dev.cluster.local`), what runs on the cluster.

    from dev.cluster import providers
    cluster = providers.choose("auto", name="polyant")
    cluster.up(print)
"""

from dev.cluster.providers.base import Edge as Edge  # the public names of this package
from dev.cluster.providers.base import Provider as Provider
from dev.cluster.providers.choice import choose as choose
