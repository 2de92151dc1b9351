"""How the process is seen from outside: JSON logs and Prometheus metrics.

Belongs here: the format of a log line, the metric objects and their names.
Does not belong here: decisions, HTTP serving (handlers), anything that names a Kubernetes kind.
"""
