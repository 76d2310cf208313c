"""The tests mirror the rooms; helpers are in `support/`, what people see in `golden/`."""
