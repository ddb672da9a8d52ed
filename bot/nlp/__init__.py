"""Understanding: which companies a text names, what it says that they did, and how certain that is.

Data stands under `rules/companies` and `rules/themes`; linguistics is code. Feeds, stories and rules are not known here.
"""

import os

# Our matrices are small, and more threads only wait for one another: beside other work on two cores, reading
# took 2.3 times the processor time. It must be said before numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
