"""Brings a broker in line with the register of topics."""

from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType

from deploy.kafka.register import Register, RegisterError, TopicSpec, bodies_of, load

__all__ = ["Register", "RegisterError", "TopicSpec", "bodies_of", "ensure", "load"]

TIMEOUT = 30.0
SILENT = 0
"""Failures are raised; the client would also print each lost connection."""


def ensure(bootstrap: str, specs: list[TopicSpec], replication: int = 1) -> list[str]:
    """Create missing topics and set what drifted; answers one line a change, and nothing when there was none.

    Raises `RegisterError` where a topic has another number of partitions: changing it would break the order of keys.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": SILENT})
    wanted = {spec.name: _with_replication(spec, replication) for spec in specs}
    present = _present(admin, wanted)
    missing = [spec for name, spec in wanted.items() if name not in present]
    _create(admin, missing, replication)
    altered = _set_drifted(admin, [wanted[name] for name in present])
    return [f"created {spec.name}" for spec in missing] + altered


def _with_replication(spec: TopicSpec, replication: int) -> TopicSpec:
    in_sync = "2" if replication >= 3 else "1"
    return spec.model_copy(update={"config": spec.config | {"min.insync.replicas": in_sync}})


def _present(admin: AdminClient, wanted: dict[str, TopicSpec]) -> list[str]:
    found = admin.list_topics(timeout=TIMEOUT).topics
    for name in wanted.keys() & found.keys():
        if len(found[name].partitions) != wanted[name].partitions:
            raise RegisterError(
                f"{name}: has {len(found[name].partitions)} partitions, the register says {wanted[name].partitions}; "
                "the number is never changed: set it back in topics.yaml"
            )
    return [name for name in wanted if name in found]


def _create(admin: AdminClient, specs: list[TopicSpec], replication: int) -> None:
    new = [NewTopic(spec.name, spec.partitions, replication, config=spec.config) for spec in specs]
    for future in admin.create_topics(new, operation_timeout=TIMEOUT).values() if new else ():
        future.result()


def _set_drifted(admin: AdminClient, specs: list[TopicSpec]) -> list[str]:
    if not specs:
        return []
    resources = {ConfigResource(ResourceType.TOPIC, spec.name): spec for spec in specs}
    answers = admin.describe_configs(list(resources)).items()
    found = [(resources[resource], _drift(resources[resource], future.result())) for resource, future in answers]
    drifted = [(spec, drift) for spec, drift in found if drift]
    changes = [_alteration(spec, drift) for spec, drift in drifted]
    for future in admin.incremental_alter_configs(changes).values() if changes else ():
        future.result()
    return [f"set {spec.name}: {key}={value}" for spec, drift in drifted for key, value in drift.items()]


def _drift(spec: TopicSpec, found: dict[str, ConfigEntry]) -> dict[str, str]:
    return {key: value for key, value in spec.config.items() if key not in found or found[key].value != value}


def _alteration(spec: TopicSpec, drift: dict[str, str]) -> ConfigResource:
    entries = [ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET) for key, value in drift.items()]
    return ConfigResource(ResourceType.TOPIC, spec.name, incremental_configs=entries)
