"""What should exist for one instance: pure functions from values to Kubernetes objects.

One file per owned kind; `tree` puts them in order. A builder's whole world is its arguments, so the
same input gives the same bytes. What is there and what follows from it belongs to `verdicts`.
"""
