"""`python -m bot.cli`: the same as `spillover`."""

from bot.cli import main

main()
