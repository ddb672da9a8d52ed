"""The whole product in one function: `process` says what a batch of entries means, and who is told.

It decides everything and does nothing: no clock, no network, no files. What it reads comes in a snapshot,
what it decides leaves in an outcome, and a backtest runs the very same code.
"""

from bot.pipeline.book import Book
from bot.pipeline.process import LOOK_EVERY, process

__all__ = ["LOOK_EVERY", "Book", "process"]
