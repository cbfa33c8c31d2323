"""How Sphinx builds this documentation."""

import re
from pathlib import Path

_source = Path(__file__).parents[1] / "src/campaign_core/_version.py"

project = "call-campaign"
author = "the call-campaign authors"
version = release = re.search(r'"([0-9.]+)"', _source.read_text(encoding="utf-8"))[1]

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

nitpicky = True
html_theme = "furo"
html_title = f"call-campaign {version}"
