"""`python -m auditrail`: the same as the `auditrail` command."""

from auditrail.cli import main

if __name__ == "__main__":
    main()
