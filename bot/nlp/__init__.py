"""Understanding: which companies a text names, what it says that they did, and how certain that is.

Data stands under `rules/companies` and `rules/themes`; linguistics is code. Feeds, stories and rules are not known here.
"""
