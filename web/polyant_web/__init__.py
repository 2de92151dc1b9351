"""The web panel: server-rendered pages over the HTTP interface of the engine.

Belongs here: pages, their forms, sessions in cookies, what a browser needs. Does not belong here:
rules of the product, database access, anything about Kubernetes.
"""
