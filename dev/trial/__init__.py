"""The trial: engine, panel, scripted model and a real PostgreSQL on 127.0.0.1, without Kubernetes.

Here belongs what it takes to run the product on a laptop for a look around: the order of starting
and stopping, the state folder, the generated keys. This is the only code that knows engine and
panel together, and it knows them as programs with an environment, not as modules. Nothing of the
product itself belongs here: what only the trial can do is a feature that is missing elsewhere.
"""
