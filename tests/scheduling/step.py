#!/usr/bin/env python3
"""How soon the scheduler keeps its target again after the rate of the front line changed in the middle.

  tests/scheduling/step.py [--replications 200] [--program target/release/blendline] SCENARIO FACTOR…

Runs SCENARIO (one front queue with `within` and a rate, equal service times on both sides) with the rate times FACTOR from
the middle on, and holds the part of the tasks that are late, in bins of ten arrivals per server after the change and over
all replications, against the best fixed reserve for the new rate, which knows it and is there from the change on. Prints
for both after how many arrivals per server every five bins together are within a point of the target.
"""

import argparse
import copy
import json
import math
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

BIN = 10
SETTLED = 500  # arrivals per server before the change
AFTER = 200  # and after it


def best_reserve(servers, rate, mean, within, late_allowed):
    """The smallest reserve whose late part is allowed, mixed between two whole ones."""
    mu = 1 / mean

    def late(kept):
        least = servers - kept
        weights = [1.0]
        for busy in range(least + 1, servers + 1):
            weights.append(weights[-1] * rate / (busy * mu))
        load = rate / (servers * mu)
        total = sum(weights) + weights[-1] * load / (1 - load)
        return weights[-1] / total / (1 - load) * math.exp(-(servers * mu - rate) * within)

    kept = 0
    while kept < servers and late(kept) > late_allowed:
        kept += 1
    if kept == 0:
        return 0.0
    above, below = late(kept - 1), late(kept)
    return kept - 1 + (above - late_allowed) / (above - below)


def run(program, scenario, seed, change, width, bins):
    """(tasks, late) of the front queue by bin after the change."""
    front = scenario["queues"][0]
    with tempfile.NamedTemporaryFile("w+") as trace:
        done = subprocess.run([*program, "-", "--seed", str(seed), "--trace", trace.name], input=json.dumps(scenario),
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr)
        counts = [[0, 0] for _ in range(bins)]
        for line in trace:
            moved = json.loads(line)
            if moved["queue"] != front["name"] or moved["decision"] != "start":
                continue
            place = int((moved["t"] - moved["waited"] - change) // width)
            if 0 <= place < bins:
                counts[place][0] += 1
                counts[place][1] += moved["waited"] > front["target"]["within"]
        return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replications", type=int, default=200)
    parser.add_argument("--program", default="target/release/blendline")
    parser.add_argument("scenario")
    parser.add_argument("factors", type=float, nargs="+")
    wanted = parser.parse_args()
    program = [wanted.program, "simulate"] if wanted.program.endswith("blendline") else [wanted.program]
    base = json.load(open(wanted.scenario))
    servers, front = base["groups"][0]["workers"], base["queues"][0]
    rate, mean = front["arrivals"]["rate"], front["service"]["exponential"]
    allowed = 1 - front["target"]["percent"] / 100
    for factor in wanted.factors:
        new = rate * factor
        change, width, bins = SETTLED * servers / rate, BIN * servers / new, AFTER // BIN
        stepped = copy.deepcopy(base)
        stepped["horizon"], stepped["warmup"] = change + bins * width + 20 * mean, change
        front_arrivals = {"piecewise": [[0, rate], [change, new]]}
        stepped["queues"][0]["arrivals"] = front_arrivals
        stepped["policy"] = {"name": "blendline"}
        fixed = copy.deepcopy(stepped)
        reserve = best_reserve(servers, new, mean, front["target"]["within"], allowed)
        fixed["policy"] = {"name": "threshold", "reserve": reserve}
        print(f"{base['name']} x {factor}: load {new * mean / servers:.3f}, best fixed reserve {reserve:.2f}")
        for name, scenario in [("blendline", stepped), ("fixed", fixed)]:
            with ThreadPoolExecutor(2) as pool:
                all_runs = list(pool.map(lambda seed: run(program, scenario, seed, change, width, bins),
                                         range(1, wanted.replications + 1)))
            sums = [[sum(one[place][part] for one in all_runs) for part in (0, 1)] for place in range(bins)]
            parts = [late / max(1, tasks) for tasks, late in sums]
            reached = None
            for place in range(bins - 4):
                tasks, late = (sum(part) for part in zip(*sums[place:place + 5]))
                kept = late / max(1, tasks) <= allowed + 0.01
                reached = (place if reached is None else reached) if kept else None
            by_bin = " ".join(f"{100 * part:.1f}" for part in parts)
            when = "never" if reached is None else f"{reached * BIN} arrivals per server"
            print(f"  {name}: within the target after {when}; late by bin, per cent: {by_bin}")


if __name__ == "__main__":
    main()
