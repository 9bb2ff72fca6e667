"""An echo worker over long polls. Python 3.9 or newer, nothing to install.

BLENDLINE_URL=http://127.0.0.1:8080 BLENDLINE_KEY=blk_… BLENDLINE_WORKER=echo python3 worker.py
"""
import json, os, sys, time, urllib.error, urllib.request

URL, KEY, NAME = (os.environ["BLENDLINE_" + name] for name in ("URL", "KEY", "WORKER"))


def post(path, body):
    headers = {"Authorization": "Bearer " + KEY, "Content-Type": "application/json"}
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=40) as answer:
        return json.loads(answer.read() or b"null")


def work(task):
    said = next((line.get("text") for line in reversed(task["messages"]) if line["from"] == "customer"), None)
    # The key makes a repeated call harmless: the same key is the same reply.
    reply = {"key": f"echo-{task['lease']}", "content": {"type": "text", "text": f"You said: {said}"}}
    verdict = {"verdict": "done", "disposition": "answered"}
    # What the customer wrote after `seen` brings the task back instead of closing it unread.
    seen = max((line["seq"] for line in task["messages"]), default=0)
    settle = {"worker": NAME, "lease": task["lease"], "verdict": verdict, "replies": [reply], "seen": seen}
    post(f"/v1/tasks/{task['id']}/settle", settle)


session = None
while True:
    try:
        brought = post(f"/v1/workers/{NAME}/poll", {"session": session, "wait_s": 25, "accept": "auto"})
        session = brought["session"]
        for frame in brought["frames"]:
            for task in frame["tasks"] if frame["type"] == "welcome" else [frame.get("task")]:
                if frame["type"] in ("welcome", "assigned"):
                    work(task)
    except urllib.error.HTTPError as error:  # A problem document says what is wrong and what to do.
        print(error.code, error.read().decode(), file=sys.stderr)
        session = None
        time.sleep(1)
    except OSError:  # The router restarts: what was ours is in the next welcome.
        session = None
        time.sleep(1)
