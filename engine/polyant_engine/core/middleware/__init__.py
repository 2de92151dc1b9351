"""Pure ASGI middleware, one class per file.

Outermost first: `journal` (request id, log line, metrics), `headers`, `cors`, `faults` (errors become responses),
`internal_routes`, `client_address`. `stack.wrap` puts them around the router in this order.
Does not belong here: anything that knows a single route; that is the gate's (`core.routing`).
"""
