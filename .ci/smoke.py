"""The installed wheel, without extras: it imports, is typed, and brought two packages along."""

import importlib
import sys
from importlib.metadata import distributions
from importlib.resources import files

ALLOWED = {"call-campaign", "attrs", "typing-extensions", "pip", "setuptools"}

for name in ("campaign_core", "campaign_drivers"):
    module = importlib.import_module(name)
    home = module.__file__ or ""
    print(f"{name} from {home}")
    if not home.startswith(sys.prefix) or not files(module).joinpath("py.typed").is_file():
        sys.exit(f"{name} is not the installed, typed package")

installed = {
    distribution.metadata["Name"].lower().replace("_", "-") for distribution in distributions()
}
print("installed:", ", ".join(sorted(installed)))
if installed - ALLOWED:
    sys.exit(f"not asked for: {', '.join(sorted(installed - ALLOWED))}")
