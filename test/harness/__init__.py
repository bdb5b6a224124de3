"""What the suites that run a real server share: the broker, the server's process, the wire and topics."""
