"""The truth: schema, migrations and the statements that read and move rows, one text for SQLite and PostgreSQL."""
