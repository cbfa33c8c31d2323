"""How Sphinx builds this documentation."""

import tomllib
from pathlib import Path

_pyproject = Path(__file__).parents[1] / "pyproject.toml"

project = "call-campaign"
author = "the call-campaign authors"
version = release = tomllib.loads(_pyproject.read_text(encoding="utf-8"))["project"]["version"]

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

nitpicky = True
html_theme = "furo"
html_title = f"call-campaign {version}"
