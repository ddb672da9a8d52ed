"""From a feed's address to its entries: who is due, fetching, parsing, and the list of feeds itself.

What the entries mean is not known here, and nothing is stored here.
"""
