"""The node: one set of kernel namespaces in which a whole cluster runs.

Belongs here: the namespaces, the network and firewall around them, configuration files and command
lines of everything that runs inside, the objects a fresh cluster gets.
Does not belong here: the life cycle of a cluster (`dev.cluster.local`), images, providers.
"""
