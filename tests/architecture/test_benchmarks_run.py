"""The benchmarks run: what they measure still exists, and both sides still do the same."""

import gc
import json

from benchmarks.__main__ import FULL, QUICK, main
from benchmarks.profile import profile


def test_every_measurement_has_a_quick_form():
    assert list(QUICK) == list(FULL)


def test_quick_benchmarks_run_and_leave_tables_and_figures(tmp_path, capsys):
    results = tmp_path / "results.json"

    assert main(["--quick", "--json", str(results)]) == 0

    tables = json.loads(results.read_text(encoding="utf-8"))["tables"]
    assert list(tables) == list(QUICK)
    printed = capsys.readouterr().out
    assert [name for name in tables if f"## {tables[name]['title']}\n" not in printed] == []


def test_profile_counts_the_same_in_each_run(tmp_path, capsys):
    arguments = ["--profile", "core-batch", "--recipients", "200"]
    assert main(arguments) == 0  # What is made once for a process is made now.
    capsys.readouterr()
    assert main(arguments) == 0
    first = capsys.readouterr().out
    assert main(arguments) == 0

    assert capsys.readouterr().out == first


def test_profile_does_not_count_what_others_do_at_a_collection():
    def of_another(_phase, _info):
        return sum(number for number in range(50))

    profile("core-batch", 200)  # What is made once for a process is made now.
    undisturbed = profile("core-batch", 200).rows
    thresholds = gc.get_threshold()
    gc.callbacks.append(of_another)
    gc.set_threshold(20)
    try:
        disturbed = profile("core-batch", 200).rows
    finally:
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(of_another)

    assert disturbed == undisturbed
