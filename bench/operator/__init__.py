"""How the operator scales: memory, time and requests over the number of instances, against a naive peer.

Here belong a real API server with an audit log, the instances on it, what plays their controllers,
and the measurements of one operator process at a time. The report is docs/reference/operator-scale.md.
"""
