"""deploy/Dockerfile: a clean file, a lock that agrees with ours, and an image that holds all that compose runs."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from deploy.local.folder import ROOT

DOCKERFILE = ROOT / "deploy" / "Dockerfile"
LOCK = ROOT / "requirements-server.lock"
IGNORED = shutil.ignore_patterns("__pycache__")


def pins(path: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """A lock file's packages, each with its version and its hashes."""
    blocks = re.split(r"^(?=\w)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    pinned = [(re.match(r"([\w.-]+)==([\w.!+-]+)", block), block) for block in blocks]
    return {name[1]: (name[2], frozenset(re.findall(r"sha256:\w{64}", block))) for name, block in pinned if name}


def normalised(requirement: str) -> str:
    """The name in a requirement, as locks write it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0]).lower()


def copied() -> list[str]:
    """What the image takes from the checkout."""
    return re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_linter_of_dockerfiles_has_nothing_to_say() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([str(linter), str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_base_is_pinned_by_its_whole_version() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert bases
    assert all(re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", base) for base in bases)


def test_it_does_not_run_as_root() -> None:
    last_user = re.findall(r"^USER (\S+)", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)[-1]
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    assert last_user == compose["x-service"]["user"] == "10001:10001"


def test_the_build_sees_what_it_copies_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule.removeprefix("!") for rule in rules if rule.startswith("!")} == set(copied())


def test_the_lock_agrees_with_the_one_that_everything_is_tested_with() -> None:
    ours, whole = pins(LOCK), pins(ROOT / "requirements.lock")
    assert {name: version for name, (version, _) in ours.items()} == {name: whole[name][0] for name in ours}
    assert [name for name, (_, hashes) in ours.items() if not hashes or not hashes <= whole[name][1]] == []
    assert "://" not in LOCK.read_text(encoding="utf-8")


def test_the_lock_holds_what_the_services_depend_on_and_no_tool() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {normalised(requirement) for requirement in project["dependencies"]}
    extras = {normalised(one) for group in project["optional-dependencies"].values() for one in group}
    locked = set(pins(LOCK))
    assert needed <= locked
    assert locked & extras <= needed | {"confluent-kafka"}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the Dockerfile makes, laid out in a folder: an environment of the lock alone, and what is copied."""
    folder = tmp_path_factory.mktemp("image")
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"
    python = folder / "langnghe" / "bin" / "python"
    for command in (
        [uv, "venv", "--quiet", "--python", sys.executable, str(folder / "langnghe")],
        [uv, "pip", "install", "--quiet", "--python", str(python), "--no-deps", "--require-hashes", "-r", str(LOCK)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    for name in copied():
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / "app" / name, ignore=IGNORED)
    return folder


def run_in(image: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the image's Python as the container would: there, and with nothing of this checkout."""
    command = [str(image / "langnghe" / "bin" / "python"), *arguments]
    plain = {"PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=image / "app", env=plain, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", sorted(path.parent.name for path in (ROOT / "services").glob("*/__main__.py")))
def test_the_image_holds_what_each_service_needs(image: Path, name: str) -> None:
    done = run_in(image, "-c", f"import services.{name}.__main__")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "command", [["kafka", "topics"], ["database"], ["keys", "issue"], ["keys", "revoke"]], ids="-".join
)
def test_the_image_holds_what_jobs_and_operator_run(image: Path, command: list[str]) -> None:
    done = run_in(image, "-m", "deploy.compose", *command, "--help")
    assert done.returncode == 0, done.stderr


def test_the_image_says_in_words_when_its_service_does_not_answer(image: Path) -> None:
    done = run_in(image, "-c", "import os; os.environ['LANGNGHE_HTTP_PORT'] = '1'; from deploy.compose import ready; "
                               "raise SystemExit(ready.main())")  # fmt: skip
    assert done.returncode == 1
    assert "refused" in done.stderr


def test_passwords_are_drawn_with_python_alone(tmp_path: Path) -> None:
    province = ROOT / "deploy" / "provinces" / "angiang"
    command = [sys.executable, "-S", "-E", "-m", "deploy.compose.credentials", str(tmp_path / "secrets"), "--ha"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    url = (tmp_path / "secrets" / "intake_mongo_url").read_text(encoding="ascii")
    assert "@mongodb-1:27017,mongodb-2:27017,mongodb-3:27017/" in url
    assert (tmp_path / "secrets" / "roster.yaml").read_bytes() == (province / "roster.yaml").read_bytes()
