"""What schemathesis cannot know from the description of the API alone."""

import base64
import hashlib
import hmac
import os
from urllib.parse import parse_qsl

import requests
import schemathesis


class TwilioSignature(requests.auth.AuthBase):
    """Signs a request as it is sent, with the address by which Twilio knows the server."""

    def __call__(self, request):
        body = request.body or b""
        body = body if isinstance(body, bytes) else body.encode()
        form = set(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        signed = os.environ["CALLS_PUBLIC_URL"] + request.path_url
        signed += "".join(name + value for name, value in sorted(form))
        token = os.environ["CALLS_TWILIO_AUTH_TOKEN"].encode()
        digest = hmac.new(token, signed.encode("utf-8", "replace"), hashlib.sha1).digest()
        request.headers["X-Twilio-Signature"] = base64.b64encode(digest).decode()
        return request


@schemathesis.hook
def before_call(context, case, kwargs):
    # The signature depends on the whole request, so that it comes last, and in the place of the configured
    # key alone: what is sent without a key, or with another one, stays as it is.
    if (case.headers or {}).get("X-Twilio-Signature") == "signed by hooks.py":
        kwargs["auth"] = TwilioSignature()
    # CSV has no place for details: the two parameters, each right alone, are 400 together.
    query = case.query
    if query and query.get("include") == "details" and query.get("format") == "csv":
        del query["include"]
