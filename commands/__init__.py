"""What make calls beside pyinfra itself, a module a command."""

import sys
from pathlib import Path

# Two of them read the owner's files with the service's own code.
sys.path.append(str(Path(__file__).parents[1] / "files" / "analytics" / "src"))
