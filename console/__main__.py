"""`python -m console`: the `tieout` command without the script, as `tieout up` starts its own children."""

from console.start import main

if __name__ == "__main__":
    main()
