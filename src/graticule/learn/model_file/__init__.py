"""Model files: a fitted model written down, opened again, and given to an op by its path.

The format is described in ``docs/model-file.md``.
"""

from graticule.learn.model_file.files import card_of, is_model, open_model, save_model
from graticule.learn.model_file.kinds import register_model
from graticule.learn.model_file.parameter import ModelFile

__all__ = ["ModelFile", "card_of", "is_model", "open_model", "register_model", "save_model"]
