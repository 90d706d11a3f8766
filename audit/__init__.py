"""Outside tools look at a host and at this project; what they find is explained or it is a fault.

    python -m audit [--limit HOST] [TOOL …]

`tools/` has a module for each tool: how it is called, and what in its words is a finding.
`accepted.toml` says of each finding that stays why it may. `docs/security/` has the last results.
"""
