"""Seeded load, kill -9, restart, and an offline DuckDB query as the judge: see README.md."""
