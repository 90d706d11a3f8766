"""The host's certificate: gets it, puts it in force, says how it is.

By Python's own library, but for the question to DNS.
"""
