#!/usr/bin/env python3
"""How near the scheduler comes to the exact optima: a table of cases, ours and the baselines.

  tests/scheduling/table.py [--seeds 10] [--program target/release/blendline] [--folder DIR] [CASE…]

Runs `blendline simulate` over DIR/scenarios/*.json and holds the results against DIR/cases.json. Build it first with
`cargo build --release`. Every figure is the mean of the seeds and half its 95 % interval.

What the back office gets is corrected to the target: what lateness was above or below it is paid or charged by the
slope of the exact frontier there. A front target is kept when the late part is at most 0.2 points above it, a mean wait
when it is at most 1.02 of it.
"""

import argparse
import copy
import json
import math
import os
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Two-sided 95 % of Student's law, by degrees of freedom; above the last it is as good as normal.
STUDENT = [12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.10, 2.09]
ALLOWED_LATE = 0.002
ALLOWED_WAIT = 1.02


def mean(values):
    """The mean and half the 95 % interval."""
    values = list(values)
    if len(values) < 2:
        return values[0], float("nan")
    factor = STUDENT[len(values) - 2] if len(values) - 2 < len(STUDENT) else 1.96
    return statistics.fmean(values), factor * statistics.stdev(values) / math.sqrt(len(values))


def run(program, scenario, policy, seeds):
    """The results of a scenario under a policy, one for each seed."""
    changed = copy.deepcopy(scenario)
    changed["policy"] = policy
    done = subprocess.run(
        [*program, "-", "--seed", "1", "--seeds", str(seeds)],
        input=json.dumps(changed), capture_output=True, text=True, check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def slope(case, target):
    """What back throughput one unit of lateness is worth at the target, by the exact points nearest to it."""
    points = [(point["cost"], point["throughput"]) for name, point in case.get("baselines", {}).items()
              if name.startswith("reserve_") and "cost" in point]
    if case["id"].startswith("T"):
        exact = case["baselines_exact"]
        points = [(point["late"], point["bg"]) for name, point in exact.items() if name.startswith("PSA") and "late" in point]
    if case["id"].startswith("C"):
        points = [(point["p_late"], point["throughput"]) for point in case["baselines"].values()]
        # Two points of one rule: its best whole reserve, and its best mixture just at the target.
        best = max(case["baselines"].values(), key=lambda point: point["best_mixture"])
        points = [(best["p_late"], best["throughput"]), (target, best["best_mixture"])]
    points.sort()
    for (late, throughput), (later, more) in zip(points, points[1:]):
        if later >= target or (later, more) == points[-1]:
            return (more - throughput) / (later - late)
    return 0.0


class Front:
    """A case with one front queue held to a target, and back work to be done beside it."""

    def __init__(self, case, scenario):
        front = next(queue for queue in scenario["queues"] if queue["side"] == "front")
        self.name, self.back = front["name"], next(q["name"] for q in scenario["queues"] if q["side"] == "back")
        target = front["target"]
        self.waits = "mean_wait" in target
        self.target = target["mean_wait"] if self.waits else 1 - target["percent"] / 100
        cycle = case["params"].get("cycle", 1)
        self.slope = slope(case, self.target) / cycle
        self.optimum = case["exact_optimum"] and case["exact_optimum"] / cycle

    def harm(self, result):
        return result["queues"][self.name]["wait_mean" if self.waits else "late_fraction"]

    def row(self, results):
        harm, spread = mean(self.harm(result) for result in results)
        limit = self.target * ALLOWED_WAIT if self.waits else self.target + ALLOWED_LATE
        # The slope says nothing about what is far from the target.
        slope = self.slope if abs(harm - self.target) <= 0.1 * self.target else 0.0
        got = (result["queues"][self.back]["throughput"] - (self.harm(result) - self.target) * slope for result in results)
        value, half = mean(got)
        text = f"{value:.4f} ± {half:.4f}"
        if self.optimum:
            text += f" ({100 * value / self.optimum:.1f} %)"
        unit = f"wait {harm:.4f} ± {spread:.4f}" if self.waits else f"late {100 * harm:.2f} ± {100 * spread:.2f} %"
        return text, unit, harm <= limit


class Offered:
    """A case whose back work comes by itself: both sides wait, and a point of the exact trade-off is what to reach."""

    optimum = None

    def __init__(self, case, scenario):
        self.front = Front(case, scenario)

    def row(self, results):
        harm, spread = mean(self.front.harm(result) for result in results)
        wait, half = mean(result["queues"][self.front.back]["wait_mean"] for result in results)
        return f"back waits {wait:.2f} ± {half:.2f}", f"late {100 * harm:.2f} ± {100 * spread:.2f} %", harm <= self.front.target + ALLOWED_LATE


class Cost:
    """A case in which waiting costs and back work pays."""

    def __init__(self, case, _):
        self.optimum = case["exact_optimum"]

    def row(self, results):
        value, half = mean(result["cost_rate"] for result in results)
        return f"{value:.3f} ± {half:.3f} ({100 * value / self.optimum:.1f} %)", "", None


class Shortfall:
    """A case with a target for each front queue and nothing else: what they fall short of it together."""

    optimum = 0.0

    def __init__(self, case, scenario):
        self.targets = {queue["name"]: queue["target"]["percent"] / 100 for queue in scenario["queues"]}

    def row(self, results):
        queues = lambda result: [(result["queues"][name], target) for name, target in self.targets.items()]
        short, half = mean(sum(max(0, t - 1 + q["late_fraction"]) for q, t in queues(result)) for result in results)
        p95, _ = mean(max(q["wait_p95"] for q, _ in queues(result)) for result in results)
        longest = max(q["wait_max"] for result in results for q, _ in queues(result))
        waits, _ = mean(statistics.fmean(q["wait_mean"] for q, _ in queues(result)) for result in results)
        return f"{short:.4f} ± {half:.4f}", f"mean wait {waits:.3f}, p95 {p95:.2f}, longest {longest:.1f}", None


class Published:
    """A case whose figures are published: the share in time."""

    optimum = None

    def __init__(self, case, scenario):
        self.name = scenario["queues"][0]["name"]
        # Where callers leave, those who leave late are late here too: that is the second of the published shares.
        check = case["check"]
        self.published = check.get("sl_ab", check["sl"])["published_ci95"]

    def row(self, results):
        value, half = mean(1 - result["queues"][self.name]["late_fraction"] for result in results)
        return f"in time {100 * value:.2f} ± {100 * half:.2f} %", f"published {self.published}", None


def measure_of(case, scenario):
    fronts = [queue for queue in scenario["queues"] if queue["side"] == "front"]
    backs = [queue for queue in scenario["queues"] if queue["side"] == "back"]
    if case["id"].startswith("P"):
        return Published(case, scenario)
    if "holding_cost" in fronts[0]:
        return Cost(case, scenario)
    if not backs:
        return Shortfall(case, scenario)
    return Offered(case, scenario) if "arrivals" in backs[0] else Front(case, scenario)


def policies(case, scenario):
    """What ships, and what it is held against."""
    yield "blendline", {"name": "blendline"}
    yield "fcfs_longest_idle", {"name": "fcfs_longest_idle"}
    order = sorted(scenario["queues"], key=lambda queue: (queue["side"] == "back", -queue.get("holding_cost", 0)))
    yield "static_priority", {"name": "static_priority", "order": [queue["name"] for queue in order]}
    best = case.get("best_deterministic") or case.get("baselines_exact", {}).get("best_static_reserve(hindsight)")
    if best:
        yield f"threshold {best['R']}", {"name": "threshold", "reserve": best["R"]}


def rows(case, scenario, program, seeds):
    measure = measure_of(case, scenario)
    optimum = "" if measure.optimum is None else f"{measure.optimum:.4f}"
    for name, policy in policies(case, scenario):
        value, beside, kept = measure.row(run(program, scenario, policy, seeds))
        yield f"| {case['id']} | {optimum} | {name} | {value} | {beside} | {'' if kept is None else 'kept' if kept else 'missed'} |"


def main():
    root = Path(__file__).resolve().parents[2]
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("cases", nargs="*")
    options.add_argument("--seeds", type=int, default=10)
    options.add_argument("--program", default=str(root / "target/release/blendline"))
    options.add_argument("--folder", type=Path, default=os.environ.get("BLENDLINE_SCHEDULING", root / "tests/scheduling/cases"))
    given = options.parse_args()
    file = Path(given.folder) / "cases.json"
    if not file.exists():
        print(f"SKIPPED: there are no cases at {given.folder}; name their folder with --folder or BLENDLINE_SCHEDULING")
        return
    # The example of the simulator's own crate takes the same arguments without the subcommand.
    program = [given.program] + (["simulate"] if Path(given.program).name == "blendline" else [])
    todo = []
    for case in json.loads(file.read_text())["cases"]:
        scenario = file.parent / "scenarios" / f"{case['id']}.json"
        if scenario.exists() and (not given.cases or case["id"] in given.cases):
            todo.append((case, json.loads(scenario.read_text())))
    print("| case | optimum | policy | reached | beside it | front target |\n|---|---|---|---|---|---|")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for lines in pool.map(lambda one: list(rows(*one, program, given.seeds)), todo):
            print("\n".join(lines), flush=True)


if __name__ == "__main__":
    sys.exit(main())
