"""The pages: one module per page, the table of all of them, and what they are rendered with.

A page decides what to show. Rules of the product live in the engine, rules of access in `page`.
"""
