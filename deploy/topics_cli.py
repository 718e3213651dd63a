"""`langnghe kafka …`: brings a broker in line with the register of topics; compose runs it as an init job."""

from typing import Annotated

import typer
from confluent_kafka import KafkaException

from deploy.kafka import topics
from shared.runtime.settings import Settings

kafka = typer.Typer(help="Kafka: tạo và chỉnh các topic theo sổ đăng ký.", no_args_is_help=True)


@kafka.callback()
def _group() -> None:
    """Kafka: tạo và chỉnh các topic theo sổ đăng ký (create and set the topics of the register)."""


@kafka.command("topics")
def create(
    replication: Annotated[int, typer.Option(min=1, help="Số bản sao: 3 khi có ba broker (copies).")] = 1,
) -> None:
    """Tạo topic còn thiếu, chỉnh cấu hình đã lệch; chạy lại không hại gì (idempotent)."""
    settings = Settings()
    register = topics.load()
    try:
        specs = register.topics(settings.province, topics.bodies_of(settings.province_dir))
        changes = topics.ensure(settings.kafka_bootstrap, specs, replication)
    except (topics.RegisterError, KafkaException) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    for line in changes or [f"{len(specs)} topic đã đúng (nothing to change)"]:
        typer.echo(line)
