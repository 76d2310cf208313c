"""Programs of the workshop: set-up, assets, benches, faults. Nothing in the house imports them."""
