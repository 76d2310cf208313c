"""The pages in Chromium: both languages, phone and desk, light and dark, keyboard and scripts, axe."""
