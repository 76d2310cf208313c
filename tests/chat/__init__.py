"""The chat: Socket Mode, linking accounts, the slash command, outages, other channels."""
