"""Takes WhatsApp webhooks in: checks the signature, queues each message, and answers 200 when the queue has it."""

import hashlib
import hmac
import json
import os

from fastapi import FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool

from tasks import process

SECRETS: dict[str, str] = json.loads(os.environ["ACCOUNT_SECRETS"])

api = FastAPI(openapi_url=None)


@api.post("/v1/webhooks/whatsapp_cloud/{account}")
async def webhook(account: str, request: Request) -> dict[str, int]:
    body = await request.body()
    secret = SECRETS.get(account)
    if secret is None:
        raise HTTPException(404)
    wanted = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted, request.headers.get("x-hub-signature-256", "")):
        raise HTTPException(401)
    messages = [
        (change["value"]["metadata"]["phone_number_id"], message)
        for entry in json.loads(body)["entry"]
        for change in entry["changes"]
        for message in change["value"].get("messages", [])
    ]
    for number, message in messages:
        # Celery's publishing blocks until the broker has confirmed: a thread waits, not the event loop.
        await run_in_threadpool(process.delay, account, number, message)
    return {"accepted": len(messages)}
