"""How much of a foreign file is read, and why no more."""

MAX_ROWS = 1_048_576
"""Rows of a spreadsheet: what every spreadsheet program can hold. More comes as several files."""

MAX_COLUMNS = 200
"""No ledger export seen has more than 80 columns; a far cell in column XFD makes a sheet of 17 G cells."""

MAX_FILE_BYTES = 256 * 1024 * 1024
"""What is taken from disk or from a form at all: a million ledger lines are about 100 MB."""

MAX_TEXT_BYTES = 512 * 1024 * 1024
"""Unpacked text of a CSV: five times a million wide lines, still below 1 GB of memory in columns."""

MAX_TEXT_ROWS = 5_000_000
"""Rows of a text file in one import: beyond that one transaction would run for minutes."""

MAX_WORKBOOK_XML_BYTES = 50 * 1024 * 1024
"""Unpacked XML of a workbook: 214 MB of XML were once packed into 1.8 MB."""

MAX_ARCHIVE_RATIO = 100
"""Unpacked by packed bytes of a ZIP member: ledgers pack 10 to 40 times, bombs 1,000 times."""

RATIO_FROM_BYTES = 4 * 1024 * 1024
"""The ratio is judged above this size only: small files of equal lines pack well and harm nobody."""

MAX_STREAM_RATIO = 400
"""The same for .gz and .zst: ledgers pack 10 to 60 times, zeros 1,000 (gzip) or 10,000 times (zstd)."""

MAX_PDF_BYTES = 16 * 1024 * 1024
"""A ledger of text has some 5 kB a page; more is a scan, which holds no text."""

MAX_PDF_PAGES = 100
"""Some 4,000 rows; finding the table of a page takes a quarter of a second, and somebody waits for it."""

MAX_PDF_MEMORY = 1024 * 1024 * 1024
"""Bytes of addresses for the process that takes a PDF apart: its libraries need a third; streams in it may be bombs."""

MAX_PDF_SECONDS = 60
"""CPU seconds of the same process."""

MAX_CELL_CHARACTERS = 32_767
"""A spreadsheet cell holds no more; longer means a quote that swallowed rows."""

SAMPLE_ROWS = 5
"""Rows shown when the encoding was found by trying."""

MAX_ID_DIGITS = 15
"""A number in a spreadsheet keeps 15 digits; longer document numbers have been altered."""

DUE_WITHIN_DAYS = 5 * 366
"""A due date later than five years after the document is a typing error."""

NOTICED_ROWS_KEPT = 1_000
"""Rows taken with a notice that are also kept row by row; the others stand in the kept file and are counted."""

PRINTED_FINDINGS = 1_000
"""Findings listed in one answer, gravest first; all are counted by code, and held rows are kept in full."""
