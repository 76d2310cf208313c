"""Fault trials: real relays and whole periods on servers of their own, killed, paused and cut without end."""
