"""Statement contents, their life, their builds: figures that tie in every form."""
