"""All settings as one typed object: what a deploy and a template see.

Each field is a setting of group_data/all.py, where its meaning and default are, and each module
here is a part of that file, in its order: a part may depend on those before it, so each is built on
the one before. What is derived from settings is a property, so that a template has no logic.
"""

from settings.model.droplet import Rented


class Settings(Rented):
    """Every setting, checked."""
