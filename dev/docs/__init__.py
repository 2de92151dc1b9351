"""Documentation that is made from the code, so that it cannot lag behind it.

Here belongs what turns a table in the code into a page under `docs/reference`. What a person has to
explain belongs into the page's code or into `docs/howto`, not into a generator.
"""
