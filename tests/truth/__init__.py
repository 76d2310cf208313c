"""Real ledgers and other systems' scenarios, with figures that were computed elsewhere."""
