"""The whole server as its users meet it: its program, real Kafka, real clients."""
