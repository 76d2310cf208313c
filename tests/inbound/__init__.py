"""Mail that comes in: what it is, what it answers, what follows."""
