"""What every feature stands on: clock, ids, errors, database, HTTP in and out, logs, metrics.

Belongs here: mechanisms without a business word in them, each in a file of its own.
Does not belong here: rules of a feature, SQL of a feature, anything that reads the environment.

The path of a request, for whoever writes a feature:

    core.server      sockets, uvicorn, drain
    core.middleware  request id and log, headers, CORS, errors, internal routes, client address
    core.routing     `Endpoint` (what a feature declares) and the gate in front of each one
    core.calls       `Call` (what a handler gets): request, principal, body, client address
    core.errors      what a handler raises; `core.problems` is the one place that makes HTTP of it
"""
