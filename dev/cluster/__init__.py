"""The local Kubernetes: the only code that knows how a cluster on this machine works.

Belongs here: pinned tools and their builds, the control plane, the node, the edge, the providers.
Does not belong here: images of the product, the chart, anything that knows what Polyant is.
"""
