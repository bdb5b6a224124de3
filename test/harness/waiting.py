"""Waiting for something that another process brings about."""

import time


def wait_until(condition, seconds, interval_s=0.01):
    """Asks `condition` until it answers something true. -> that, or None when the time is over"""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            return None
        time.sleep(interval_s)
