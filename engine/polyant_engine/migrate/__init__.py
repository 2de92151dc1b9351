"""The migration process: everything between an address of a database and a schema to serve from.

Here belong waiting, preflight, the lock, the rules of identity and keys, the run of Alembic, the
first administrator and the report. This is the only package that imports Alembic and SQLAlchemy: a
server never loads them. The migrations themselves are scripts in `migrations/`.
"""
