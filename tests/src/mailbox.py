"""Prints as JSON what a mail on standard input says."""

import email
import email.policy
import hashlib
import json
import sys

mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
body = {kind: mail.get_body((kind,)) for kind in ("plain", "html")}
print(
    json.dumps(
        {
            "headers": {name.lower(): str(value) for name, value in mail.items()},
            **{kind: part.get_content() if part else None for kind, part in body.items()},
            "attachments": [
                {
                    "name": part.get_filename(),
                    "type": part.get_content_type(),
                    "sha256": hashlib.sha256(part.get_payload(decode=True)).hexdigest(),
                }
                for part in mail.iter_attachments()
                if part.get_filename()
            ],
            "defects": [type(defect).__name__ for part in mail.walk() for defect in part.defects],
        }
    )
)
