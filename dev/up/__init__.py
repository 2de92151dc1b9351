"""`make up`, `make down` and `make e2e`: the whole product on a real Kubernetes, step by step.

Belongs here: the order of the steps, what is said to the person at the terminal, and the small
clients that a person would use (kubectl, Helm, a browser). Does not belong here: how a cluster or
an image is made (`dev.cluster`, `dev.images`) and anything that a user of the product needs.
"""
