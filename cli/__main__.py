"""`python -m cli` is the `milepost` command: how its processes start one another."""

from cli.main import main

main()
