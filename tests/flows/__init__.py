"""The clock, the job loop, runs and Prefect's flows, on a real database."""
