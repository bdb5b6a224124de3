"""Superset's REST interface, as far as provisioning needs it: sign in, find by a name, make or bring up to date.

Errors: Refused with method, path and what Superset said. Threads: one.
"""

import json

import requests

REQUEST_SECONDS = 60


class Refused(Exception):
    """Superset did not take a request."""


class Superset:
    def __init__(self, url, user, password):
        self._url = url.rstrip("/")
        self._session = requests.Session()
        signed_in = self.call("POST", "security/login",
                              {"username": user, "password": password, "provider": "db", "refresh": True})
        self._session.headers["Authorization"] = "Bearer " + signed_in["access_token"]
        # The token belongs to the session cookie that comes with it; the session keeps both.
        self._session.headers["X-CSRFToken"] = self.call("GET", "security/csrf_token/")["result"]
        self._session.headers["Referer"] = self._url

    def call(self, method, path, body=None, query=None):
        answer = self._session.request(method, f"{self._url}/api/v1/{path}", json=body, params=query,
                                       timeout=REQUEST_SECONDS)
        if not answer.ok:
            raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:600]}")
        return answer.json()

    def all(self, kind, columns):
        """-> every object of a kind, with these columns and its id"""
        found, page = [], 0
        while True:
            query = f"(columns:!(id,{','.join(columns)}),page:{page},page_size:100)"
            answer = self.call("GET", f"{kind}/", query={"q": query})
            found += answer["result"]
            page += 1
            if not answer["result"] or len(found) >= answer["count"]:
                return found

    def put(self, kind, number, body):
        """Makes an object, or brings the one with this number up to date. -> number"""
        if number is None:
            return self.call("POST", f"{kind}/", body)["id"]
        self.call("PUT", f"{kind}/{number}", body)
        return number


def text(value):
    """JSON inside JSON, as several fields want it"""
    return json.dumps(value, sort_keys=True)
