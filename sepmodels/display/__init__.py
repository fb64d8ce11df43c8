"""Players, pictures and reports, for notebooks and pages.

Every `plot_` function returns a matplotlib `Figure` that pyplot no longer tracks, so a notebook
shows it once, as the value of its cell, and a script saves it with `figure.savefig`.
"""

import lazy_loader

# The names stand in `__init__.pyi`, for Python and for type checkers.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
