"""Fail if a test was skipped, or if there was none: `skipped.py FOLDER` of JUnit reports.

A skipped test is one that nobody notices is missing. An expected failure is no skip: it was run.
"""

import sys
from pathlib import Path
from xml.etree import ElementTree as ET


def skipped(report: Path) -> list[str]:
    """The skipped tests of one report, each with its reason."""
    return [
        f"{report.stem}: {case.get('classname')}.{case.get('name')}: {skip.get('message')}"
        for case in ET.parse(report).iter("testcase")  # noqa: S314 - our own report
        for skip in case.iter("skipped")
        if skip.get("type") != "pytest.xfail"
    ]


def main(folder: str) -> int:
    """Print what was skipped; 1 if anything was, or if nothing ran."""
    reports = sorted(Path(folder).glob("*.xml"))
    found = [line for report in reports for line in skipped(report)]
    for line in found:
        print(line)
    print(f"{len(reports)} reports, {len(found)} tests skipped")
    return 1 if found or not reports else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
