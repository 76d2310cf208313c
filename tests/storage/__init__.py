"""PostgreSQL itself: migrations, row-level security, insert-only tables, ids."""
