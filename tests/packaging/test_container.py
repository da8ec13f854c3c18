"""The Dockerfile and compose.yaml say what is so: paths, extras, commands, settings and ports are
there. No image is built here."""

from __future__ import annotations

import json
import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml
from typer.main import get_command

from api.cli.app import app
from api.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS = [one.rstrip("*") for one in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))


def _instructions() -> list[tuple[str, str]]:
    """The instructions in order, continued lines joined."""
    text = re.sub(r"(?m)^\s*#.*\n", "", DOCKERFILE).replace("\\\n", " ")
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines]


def _of(name: str) -> list[str]:
    return [given for instruction, given in _instructions() if instruction == name]


def _setting(variable: str) -> Any:
    """The field that a BRAID_ variable sets; KeyError where it sets none."""
    model: Any = Settings
    field: Any = None
    for name in variable.removeprefix("BRAID_").lower().split("__"):
        field = model.model_fields[name]
        model = field.annotation
    return field


def _sent(path: str) -> bool:
    """Whether .dockerignore lets a file of the root into the build."""
    kept = False
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if fnmatch(path, line.removeprefix("!")):
            kept = line.startswith("!")
    return kept


def test_what_is_copied_is_there_and_all_of_the_package_is() -> None:
    copied = [given.split()[0] for given in _of("COPY") if not given.startswith("--from")]
    copied += [
        name for given in _of("COPY") if "pyproject" in given for name in given.split()[1:-1]
    ]
    for path in copied:
        assert (ROOT / path).exists(), path
        assert _sent(path), f".dockerignore keeps {path} out"
    rooms = {
        one.rstrip("*") for one in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    }
    assert rooms <= set(copied)
    assert {"pyproject.toml", "constraints.txt", PROJECT["project"]["readme"]} <= set(copied)
    assert not _sent(".git")
    assert not _sent(".venv")
    assert not _sent("tests")


def test_stages_hand_over_what_was_made() -> None:
    made = " ".join(
        given for instruction, given in _instructions() if instruction in ("RUN", "ENV")
    )
    stages = [given.split(" AS ")[1] for given in _of("FROM") if " AS " in given]
    for given in _of("COPY"):
        if given.startswith("--from"):
            stage, source = re.findall(r"--from=(\S+).* (/\S+) /\S+", given)[0]
            assert stage in stages
            assert source in made


def test_extras_and_commands_exist() -> None:
    extras = set(re.findall(r"\.\[([\w,]+)\]", DOCKERFILE)[0].split(","))
    assert extras <= set(PROJECT["project"]["optional-dependencies"])
    assert {"ocr", "otel"} <= extras
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    ((entry,),) = map(json.loads, _of("ENTRYPOINT"))
    ((given, *_),) = map(json.loads, _of("CMD"))
    assert entry in PROJECT["project"]["scripts"]
    assert given in commands
    assert set(re.findall(r"/bin/braid (\w+)", DOCKERFILE)) <= commands


def test_settings_exist_and_agree() -> None:
    set_there = dict(re.findall(r"(BRAID_\w+)=(\S+)", " ".join(_of("ENV"))))
    for variable in set_there:
        _setting(variable)
    assert _of("EXPOSE") == [set_there["BRAID_SERVER__PORT"]]
    assert _of("VOLUME") == [set_there["BRAID_DATA_DIR"]] == _of("WORKDIR")[-1:]
    assert int(set_there["BRAID_SERVER__PORT"]) == _setting("BRAID_SERVER__PORT").default


def test_it_runs_as_a_user_of_its_own_and_says_how_it_is() -> None:
    (user,) = _of("USER")
    assert f" {user}" in DOCKERFILE.partition("useradd")[2].partition("\n")[0]
    (check,) = _of("HEALTHCHECK")
    address = re.findall(r"http://127\.0\.0\.1:(\d+)(/\w+)", check)
    assert address == [(_of("EXPOSE")[0], "/ready")]
    code = json.loads(check.partition("CMD ")[2])[2]
    compile(code, "healthcheck", "exec")
    names = [instruction for instruction, _ in _instructions()]
    assert names.index("USER") > max(i for i, name in enumerate(names) if name == "RUN")


def test_no_image_floats() -> None:
    images = [service["image"] for service in COMPOSE["services"].values()]
    bases = re.findall(r"ARG PYTHON=(\S+)", DOCKERFILE)
    for image in [*images, *(f"python:{base}" for base in bases)]:
        name, _, tag = image.rpartition(":")
        assert name
        assert tag != "latest"


def test_compose_fits_the_image_and_the_settings() -> None:
    services = COMPOSE["services"]
    braid, llm = services["braid"], services["llm"]
    for variable in braid["environment"]:
        _setting(variable)
    assert ":?" in braid["environment"]["BRAID_SERVER__API_KEY"], "a key has to be given"
    assert not re.search(r"(?i)(key|token|secret): [\"']?[\w-]{8,}$", str(COMPOSE))
    (port,) = braid["ports"]
    assert port.startswith("127.0.0.1:")
    assert port.endswith(f":{_of('EXPOSE')[0]}")
    (volume,) = braid["volumes"]
    name, _, place = volume.partition(":")
    assert name in COMPOSE["volumes"]
    assert place == _of("VOLUME")[0]
    assert llm["profiles"] == ["llm"]
    assert llm["healthcheck"]["test"][0] == "CMD"
    command = llm["command"]
    address = f"http://llm:{command[command.index('--port') + 1]}/v1"
    assert address in braid["environment"]["BRAID_ANSWER__BASE_URL"]
    named = set(re.findall(r"\$\{(\w+)", (ROOT / "compose.yaml").read_text(encoding="utf-8")))
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    assert {"BRAID_API_KEY", "BRAID_LLM", "LLM_MODEL_FILE"} <= named
    assert [one for one in sorted(named - {"BRAID_PORT"}) if one not in page] == []


def test_the_wheel_takes_every_file_that_the_code_reads() -> None:
    """Files beside the modules are named as package data, or a wheel would leave them out."""
    declared = PROJECT["tool"]["setuptools"]["package-data"]
    patterns = [f"{room}/{one}" for room, given in declared.items() for one in given]
    beside = [
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*"))
        if path.is_file()
        and path.suffix not in (".py", ".pyc")
        and "__pycache__" not in path.parts
        and path.suffix not in (".nbi", ".nbc")
    ]
    assert beside
    assert [one for one in beside if not any(fnmatch(one, p) for p in patterns)] == []
    packages = {path.parent for room in ROOMS for path in (ROOT / room).rglob("*.py")}
    assert [str(one) for one in sorted(packages) if not (one / "__init__.py").is_file()] == []
