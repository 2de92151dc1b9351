"""The language of the operator: the custom resource, its status, and the names of everything.

Here belong frozen values, what makes them valid, and constants other packages spell objects with.
What should exist belongs to `desired`, what is true to `verdicts`; nothing here does I/O.
"""
