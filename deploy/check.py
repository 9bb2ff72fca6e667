#!/usr/bin/env python3
"""Compares what stands in deploy/ with itself and with a running program: deploy/check.py FIGURES METRICS

FIGURES is what `blendline figures` prints, METRICS what /metrics of a running process gave.
Prints what does not fit and ends with 1, or says that all does.
"""

import json
import re
import sys
from pathlib import Path

import yaml

DEPLOY = Path(__file__).parent
NAME = re.compile(r"\bblendline_[a-z0-9_]+")
faults = []


def expect(holds, what):
    if not holds:
        faults.append(what)


def load(path):
    return list(yaml.safe_load_all((DEPLOY / path).read_text()))


def figures(text):
    """Name: (kind, what it is about, label)."""
    rows = (line.split("\t") for line in text.splitlines())
    return {name: (kind, of, label) for name, kind, of, label, _ in rows}


def exported(text):
    """Name: kind, as a scrape has them."""
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))


def base(name, table):
    """The figure behind a series: histograms have three."""
    for ending in ("_bucket", "_sum", "_count"):
        if name.endswith(ending) and table.get(name.removesuffix(ending), ("",))[0] == "histogram":
            return name.removesuffix(ending)
    return name


def check_figures(table, scraped):
    expressions = []
    for rule in load("prometheus/alerts.yml")[0]["groups"][0]["rules"]:
        expressions.append((f"alert {rule['alert']}", rule["expr"]))
        page = DEPLOY.parent / rule["annotations"]["runbook"]
        expect(page.is_file(), f"alert {rule['alert']}: no page {page}")
        expect(rule["labels"]["severity"] in ("page", "ticket"), f"alert {rule['alert']}: severity")
    dashboard = json.loads((DEPLOY / "grafana/blendline.json").read_text())
    for panel in dashboard["panels"]:
        expressions += [(f"panel {panel['title']}", target["expr"]) for target in panel["targets"]]
    for where, expression in expressions:
        names = NAME.findall(expression)
        expect(names or "up{" in expression, f"{where}: names no figure")
        for name in {base(name, table) for name in names}:
            kind, of, label = table.get(name, (None, None, None))
            expect(kind, f"{where}: there is no figure {name}")
            # What has a label that is open shows when it happens first; a histogram when something was measured.
            from_the_start = of == "program" and kind != "histogram" and not (label or "").endswith("=*")
            expect(not from_the_start or name in scraped, f"{where}: the program does not export {name}")
            if kind == "counter":
                expect("rate(" in expression or "increase(" in expression, f"{where}: {name} only grows")
    for name, kind in scraped.items():
        if name.startswith("blendline_"):
            expect(table.get(name, (None,))[0] == kind, f"exported {name} ({kind}) is not in the table of figures")
    pages = {page.stem for page in (DEPLOY / "runbook").glob("Blendline*.md")}
    alerts = {rule["alert"] for rule in load("prometheus/alerts.yml")[0]["groups"][0]["rules"]}
    expect(pages == alerts, f"pages without an alert or alerts without a page: {sorted(pages ^ alerts)}")


def secrets_of(configuration):
    return set(re.findall(r'"env:([A-Z0-9_]+)"', (DEPLOY / configuration).read_text()))


def check_kubernetes():
    kustomization = load("kubernetes/kustomization.yaml")[0]
    objects = [one for file in kustomization["resources"] for one in load(f"kubernetes/{file}")]
    by_kind = {}
    for one in objects:
        by_kind.setdefault(one["kind"], []).append(one)
    spec = by_kind["StatefulSet"][0]["spec"]
    pod, labels = spec["template"]["spec"], spec["template"]["metadata"]["labels"]
    container = pod["containers"][0]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    listen = {entry["name"]: entry.get("value") for entry in container["env"]}
    expect(listen["BLENDLINE_LISTEN"].endswith(f":{ports['http']}"), "kubernetes: it listens on another port")
    headless = {service["metadata"]["name"]: service for service in by_kind["Service"]}[spec["serviceName"]]
    expect(headless["spec"]["clusterIP"] == "None", "kubernetes: routers have no names of their own")
    expect(f".{spec['serviceName']}:{ports['http']}" in listen["BLENDLINE_URL"], "kubernetes: routers name another address")
    for service in by_kind["Service"]:
        expect(service["spec"]["selector"].items() <= labels.items(), "kubernetes: a service selects nothing")
        expect(all(port["targetPort"] in ports for port in service["spec"]["ports"]), "kubernetes: a service's port")
    for kind, place in [("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")]:
        selected = by_kind[kind][0]["spec"][place]["matchLabels"]
        expect(selected.items() <= labels.items(), f"kubernetes: {kind} selects nothing")
    expect(spec["selector"]["matchLabels"].items() <= labels.items(), "kubernetes: the set selects nothing")
    for probe, path in [("readinessProbe", "/readyz"), ("livenessProbe", "/livez")]:
        asked = container[probe]["httpGet"]
        expect(asked["path"] == path and asked["port"] in ports, f"kubernetes: {probe}")
    drain = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    # server.stop_grace_ms twice (requests, then lines) and the shards' own five seconds.
    expect(pod["terminationGracePeriodSeconds"] >= drain + 2 * 10 + 5, "kubernetes: too little time to end in order")
    config = [entry["name"] for entry in kustomization["configMapGenerator"]]
    secret = [entry["name"] for entry in kustomization["secretGenerator"]]
    mounted = [volume["configMap"]["name"] for volume in pod["volumes"] if "configMap" in volume]
    expect(mounted == config, "kubernetes: the configuration that is mounted is not the one that is made")
    expect([entry["secretRef"]["name"] for entry in container["envFrom"]] == secret, "kubernetes: the secret's name")
    claims = {claim["metadata"]["name"] for claim in by_kind["PersistentVolumeClaim"]}
    used = {volume["persistentVolumeClaim"]["claimName"] for volume in pod["volumes"] if "persistentVolumeClaim" in volume}
    expect(used == claims, "kubernetes: claims")
    media = re.search(r'^\[media\]\nurl = "([^"]*)"', (DEPLOY / "kubernetes/blendline.toml").read_text(), re.MULTILINE)
    shared = [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == "media"]
    expect(media and media[1].startswith(f"{shared[0]}/"), "kubernetes: files of customers are not on the shared volume")
    given = set(re.findall(r"^([A-Z0-9_]+)=", (DEPLOY / "kubernetes/secrets.env.example").read_text(), re.MULTILINE))
    wanted = secrets_of("kubernetes/blendline.toml")
    expect(given == wanted, f"kubernetes: secrets {sorted(given ^ wanted)}")
    images = {image["name"] for image in kustomization["images"]}
    expect(images == {container["image"]}, "kubernetes: the image's name")


def check_compose():
    compose = load("compose/compose.yml")[0]
    wanted = secrets_of("examples/cluster.toml")
    for name, service in compose["services"].items():
        if "build" not in service:
            continue
        environment = service["environment"]
        missing = wanted - environment.keys()
        expect(not missing, f"compose: {name} has no {sorted(missing)}")
        expect(environment["BLENDLINE_URL"] == f"http://{name}:8080", f"compose: {name} names another address")
        inside = environment["BLENDLINE_LISTEN"].rsplit(":", 1)[1]
        expect(all(port.endswith(f":{inside}") for port in service["ports"]), f"compose: {name} publishes another port")
        expect(service["depends_on"].keys() <= compose["services"].keys(), f"compose: {name} depends on nobody")
        for url in ("BLENDLINE_STORE_URL", "BLENDLINE_BROKER_URL", "BLENDLINE_LIVE_URL"):
            host = re.search(r"(?:@|//)([a-z]+)(?::\d+)?(?:/|$)", environment[url]).group(1)
            expect(host in compose["services"], f"compose: {url} of {name} leads to {host}")
        for volume in service["volumes"]:
            place = volume.split(":")[0]
            there = (DEPLOY / "compose" / place).exists() if place.startswith(".") else place in compose["volumes"]
            expect(there, f"compose: {name} mounts {place}, which is not there")
    dockerfile = DEPLOY.parent / compose["services"]["router-1"]["build"]["dockerfile"]
    expect(dockerfile.is_file(), "compose: no Dockerfile")


def check_unit():
    unit = (DEPLOY / "systemd/blendline.service").read_text()
    build = (DEPLOY / "deb/build").read_text()
    program, configuration = re.search(r"^ExecStart=(\S+) serve --config (\S+)$", unit, re.MULTILINE).groups()
    for path in (program, configuration):
        expect(f'"$root{path}"' in build, f"unit: the package installs no {path}")
    data = re.search(r"^Environment=BLENDLINE_DATA_DIR=/var/lib/(\S+)$", unit, re.MULTILINE).group(1)
    expect(f"StateDirectory={data}\n" in unit, "unit: the data directory is not the one that systemd makes")
    seconds = int(re.search(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE).group(1))
    expect(seconds >= 25, "unit: too little time to end in order")


def main():
    table = figures(Path(sys.argv[1]).read_text())
    check_figures(table, exported(Path(sys.argv[2]).read_text()))
    check_kubernetes()
    check_compose()
    check_unit()
    for fault in faults:
        print(f"WRONG: {fault}")
    if faults:
        sys.exit(1)
    print(f"deploy: all fits, {len(table)} figures")


main()
