"""Policy that all services must share: settings, lifespan, Kafka, outbox, MongoDB, errors, logs, metrics, health."""
