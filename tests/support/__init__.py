"""Helpers that tests share: histories as text, servers, browsers, the cast."""
