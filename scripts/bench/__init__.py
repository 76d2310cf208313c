"""Speed beside peers and limits: interleaved runs in one sitting, medians, ratios.

Machines are shared and noisy, so ratios count and absolute times do not. Nothing in the tests times anything.
"""
