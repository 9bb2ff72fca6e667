"""A day of work through the client that was made from router/openapi.json; ./test openapi makes and runs it."""

import os

from blendline_client import AuthenticatedClient
from blendline_client.api.items import push_item
from blendline_client.api.operations import list_events
from blendline_client.api.tasks import get_task, list_task_messages, list_tasks
from blendline_client.api.work import settle_task
from blendline_client.api.workers import poll_worker
from blendline_client.models import (
    EventTaskSolved,
    Item,
    ItemFields,
    Poll,
    Problem,
    ServerFrameAssigned,
    ServerFrameWelcome,
    TaskSettle,
    VerdictDone,
)

url = os.environ["BLENDLINE_URL"]
integrator = AuthenticatedClient(base_url=url, token=os.environ["BLENDLINE_KEY"])
worker = AuthenticatedClient(base_url=url, token=os.environ["BLENDLINE_WORKER_KEY"])

item = Item(queue="care", external_ref="python-1", title="A refund", fields=ItemFields.from_dict({"order": 12}))
task = push_item.sync(client=integrator, body=item)
again = push_item.sync(client=integrator, body=item)
assert task.id == again.id and task.kind == "item" and task.state in ("waiting", "offered", "active"), task

first = poll_worker.sync("echo", client=worker, body=Poll(accept="auto", wait_s=10))
assert isinstance(first.frames[0], ServerFrameWelcome), first
frames = list(first.frames[1:])
for _ in range(10):
    if frames:
        break
    frames += poll_worker.sync("echo", client=worker, body=Poll(session=first.session, wait_s=10)).frames
assert isinstance(frames[0], ServerFrameAssigned) and frames[0].task.id == task.id, frames
assert frames[0].task.fields["order"] == 12, frames[0]

done = TaskSettle(worker="echo", lease=frames[0].task.lease, verdict=VerdictDone(verdict="done", disposition="answered"))
assert settle_task.sync_detailed(task.id, client=worker, body=done).status_code == 204
late = TaskSettle(worker="echo", lease=99, verdict=VerdictDone(verdict="done"))
refused = settle_task.sync(task.id, client=worker, body=late)
assert isinstance(refused, Problem) and refused.status == 409 and refused.code == "fenced", refused

page = list_tasks.sync(client=integrator, queue="care", limit=200)
assert [(one.id, one.state, one.closed) for one in page.items] == [(task.id, "closed", "solved")], page
assert page.next_ is None
assert list_task_messages.sync(task.id, client=integrator).items is not None
solved = [event for event in list_events.sync(client=integrator, limit=200).items if isinstance(event, EventTaskSolved)]
assert [event.disposition for event in solved] == ["answered"], solved
missing = get_task.sync("tsk_1", client=integrator)
assert isinstance(missing, Problem) and missing.code == "unknown_task", missing
print(f"python: {task.id} is solved")
