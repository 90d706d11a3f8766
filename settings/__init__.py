"""One typed, checked object of all settings, and the templates rendered with it.

`group_data` is read by `load`, which knows pyinfra; `model` is what the rest of the project sees;
the other modules know what a right value of one kind is.
"""
