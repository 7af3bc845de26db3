"""``python -m gradus``: the command line without its script."""

from gradus.cli import main

if __name__ == "__main__":
    main()
