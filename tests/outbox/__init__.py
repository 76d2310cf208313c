"""The outbox on real PostgreSQL and real SMTP: leases, fences, phases, faults."""
