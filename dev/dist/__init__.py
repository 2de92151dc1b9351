"""Files made of others, for people who install without Helm: each is committed and tested for freshness.

`python -m dev.dist` writes them all. What belongs here is how they are made; what they say comes from
the chart, the CRD and the Lua scripts.
"""
