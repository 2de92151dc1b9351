"""Secrets at rest.

Here belong the keys of this process (`model.Ring`), the sealing of values and the rules of which key
writes. Which rows hold sealed values is the business of the features that own those rows: they store
`key_id` and `box`, and pass their own row id, because a box opens only for the row it was made for.
"""
