"""`python -m deploy.compose …`: the init jobs of docker-compose.yml, and what its operator needs from the image."""

import logging
from pathlib import Path
from typing import Annotated

import structlog
import typer

from deploy.keys_cli import keys
from deploy.mongo import init
from deploy.topics_cli import kafka
from shared.runtime.settings import SECRETS

app = typer.Typer(help="Việc của người vận hành máy chủ.", no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(kafka, name="kafka")
app.add_typer(keys, name="keys")

URL_FILE = "_mongo_url"


@app.callback()
def _quiet() -> None:
    # What a command prints is its answer and nothing else, so that a key can be piped where it must go.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


@app.command()
def database(
    members: Annotated[str, typer.Option(help="Các máy của cụm, cách nhau dấu phẩy; máy đầu là máy này.")],
    secrets: Annotated[Path, typer.Option(help="Thư mục có mongo_root_password và *_mongo_url.")] = SECRETS,
    port: Annotated[int, typer.Option(help="Cổng của mongod trên máy này.")] = 27017,
) -> None:
    """Lập cụm MongoDB và người dùng của từng dịch vụ; chạy lại không hại gì (idempotent)."""
    urls = {path.name.removesuffix(URL_FILE): _secret(path) for path in sorted(secrets.glob(f"*{URL_FILE}"))}
    root = _secret(secrets / "mongo_root_password")
    try:
        changes = init.prepare("127.0.0.1", port, members.split(","), root, urls)
    except init.DatabaseError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    for line in changes or ["đã đúng (nothing to change)"]:
        typer.echo(line)


def _secret(path: Path) -> str:
    return path.read_text(encoding="ascii").strip()


if __name__ == "__main__":
    app()
