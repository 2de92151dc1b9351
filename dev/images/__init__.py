"""The container images of the project and how they are built on any machine.

Belongs here: the list of images, the key that tells whether one is stale, and the two builders
(Docker, buildah) behind one interface. Does not belong here: what runs inside an image (that is
in its Dockerfile and its sources) and how a cluster receives it (that is `dev.cluster`).
"""
