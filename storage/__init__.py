"""PostgreSQL: the schema, and one function per question or change; all SQL of the house is here.

Session first, domain values out. Knows the domain rooms, not the services. Start with `schema.py`.
"""

import warnings

warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")  # the PostgreSQL wheel asks a desktop question
