"""What the house says in Chinese and English, and how it writes money and dates.

English text is the key; `locale/zh_CN/<room>.po` holds the Chinese. Start with `catalog.py`.
"""
