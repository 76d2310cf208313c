"""Every kind of thing that can be approved, from its proposal to its effect, through the one engine."""
