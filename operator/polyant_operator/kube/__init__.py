"""The imperative shell: the only package that talks to the Kubernetes API server.

Belongs here: access and credentials, the HTTP client with its errors and limits, server-side apply,
reading the world of one instance, pruning, events, Leases.
Does not belong here: what should exist (desired), what is true (verdicts), when to act (handlers).
"""
