"""The approval engine: pure rules as properties and cases, then the shell on real PostgreSQL."""
