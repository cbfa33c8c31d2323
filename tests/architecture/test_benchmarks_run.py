"""The benchmarks run: what they measure still exists, and both sides still do the same."""

import gc
import json

from benchmarks.__main__ import FULL, QUICK, main


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


def test_profile_does_not_count_what_others_do_at_a_collection(capsys):
    arguments = ["--profile", "core-batch", "--recipients", "200"]
    main(arguments)
    capsys.readouterr()
    main(arguments)
    undisturbed = capsys.readouterr().out

    gc.callbacks.append(lambda phase, info: sum(range(5)))
    threshold = gc.get_threshold()
    gc.set_threshold(50)
    try:
        main(arguments)
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.pop()

    assert capsys.readouterr().out == undisturbed
