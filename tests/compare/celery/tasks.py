"""The workers: `process` records a message, its assignment and the reply; `send` hands the reply to the platform."""

import json
import os
import time

import urllib3
from celery import Celery
from psycopg_pool import ConnectionPool

GRAPH_URL = os.environ["GRAPH_URL"]
GRAPH_TOKEN = os.environ["GRAPH_TOKEN"]
WORKER = f"celery-{os.getpid()}"

app = Celery("compare", broker=os.environ["AMQP_URL"])
app.conf.update(
    # Nothing is lost: durable quorum queues, persistent messages, each publish confirmed, acked when it is done.
    task_default_queue_type="quorum",
    task_default_exchange_type="topic",
    broker_transport_options={"confirm_publish": True},
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    # Nothing is done that nobody needs: the record is PostgreSQL.
    task_ignore_result=True,
    worker_send_task_events=False,
    worker_prefetch_multiplier=16,
    # One connection for each thread that publishes.
    broker_pool_limit=40,
    task_routes={"tasks.process": {"queue": "inbound"}, "tasks.send": {"queue": "outbound"}},
)

# Opened by whoever first asks, so each of Celery's processes has its own.
database = ConnectionPool(
    os.environ["DATABASE_URL"], min_size=1, max_size=int(os.environ.get("DATABASE_CONNECTIONS", "1")),
    kwargs={"autocommit": True}, open=False,
)
platform = urllib3.PoolManager(maxsize=64)

# One statement, so one transaction and one round trip; a message that is known already adds nothing.
RECORD = """
WITH message AS (
    INSERT INTO messages (account, platform_id, contact, body, said_at)
    VALUES (%(account)s, %(id)s, %(contact)s, %(text)s, to_timestamp(%(said_at)s))
    ON CONFLICT (account, platform_id) DO NOTHING
    RETURNING id
), assignment AS (
    INSERT INTO assignments (message_id, worker, assigned_at)
    SELECT id, %(worker)s, to_timestamp(%(taken_at)s) FROM message
)
INSERT INTO replies (message_id, body) SELECT id, %(reply)s FROM message RETURNING message_id, body
"""
# Where a worker died between its commit and its publish, the message comes again and its reply was never queued.
UNSENT = """
SELECT message_id, replies.body FROM replies JOIN messages ON id = message_id
WHERE account = %(account)s AND platform_id = %(id)s AND sent_at IS NULL
"""
SENT = "UPDATE replies SET platform_id = %s, sent_at = now() WHERE message_id = %s"
AGAIN = {"autoretry_for": (Exception,), "retry_backoff": True, "max_retries": 8}


@app.task(**AGAIN)
def process(account: str, number: str, message: dict) -> None:
    taken_at = time.time()
    text = message["text"]["body"]
    row = {
        "account": account, "id": message["id"], "contact": message["from"], "text": text,
        "said_at": int(message["timestamp"]), "worker": WORKER, "taken_at": taken_at,
        "reply": f"{text.split(' ')[0]} {int(taken_at * 1e6)} תודה, ההזמנה בדרך",
    }
    database.open()
    with database.connection() as connection:
        reply = connection.execute(RECORD, row).fetchone() or connection.execute(UNSENT, row).fetchone()
    if reply is not None:
        send.delay(reply[0], number, message["from"], reply[1])


@app.task(**AGAIN)
def send(reply: int, number: str, to: str, text: str) -> None:
    body = {
        "messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": text},
        "biz_opaque_callback_data": str(reply),
    }
    headers = {"authorization": f"Bearer {GRAPH_TOKEN}", "content-type": "application/json"}
    answer = platform.request("POST", f"{GRAPH_URL}/v25.0/{number}/messages", body=json.dumps(body), headers=headers)
    if answer.status != 200:
        raise RuntimeError(f"the platform answered {answer.status}")
    platform_id = json.loads(answer.data)["messages"][0]["id"]
    database.open()
    with database.connection() as connection:
        connection.execute(SENT, (platform_id, reply))
