"""An emulated Digital Ocean: the part of its API v2 that Freehold uses, on this machine.

It follows the published OpenAPI document (https://github.com/digitalocean/openapi) in paths, codes
and bodies, and refuses what the real one refuses. Start it by `python -m emulator api` (`--paper`:
no machine is booted), which `server` describes; `side_door` tells how to make it misbehave.
"""
