"""A new version that is no good takes no traffic: the deploy fails, and the old one never stopped.

And one that is good is gone back from.
"""

import re
from pathlib import Path

import pytest

from emulator import Droplet
from tests.containers import container
from tests.outside import Outside
from tests.runs import Run, deploy, run
from tests.waiting import wait_until_stored

SOURCE = Path("files/analytics/src/analytics")
# Without what stands by for a rollback: every deploy that changes the services begins by ending it.
SERVING = (
    "docker inspect --format"
    " '{{.HostConfig.RestartPolicy.Name}} {{.Id}} {{.Image}} {{.State.StartedAt}}'"
    " $(docker ps --quiet) | grep -v '^no ';"
    " readlink /run/freehold/webapp/webapp.sock; cat /opt/freehold/docker-compose.yml"
)

pytestmark = pytest.mark.slow


def _append(path: Path, text: str) -> None:
    path.write_text(f"{path.read_text()}{text}\n")


def _fails(project: Path, droplet: Droplet, outside: Outside, name: str) -> Run:
    """The deploy of a bad version, which changes nothing for visitors."""
    before = droplet.run(SERVING)
    failed = deploy(project=project)
    assert failed.code == 1, failed.said
    assert "Traceback" not in failed.said
    assert droplet.run(SERVING) == before, "What served was stopped, or something was left."
    assert outside.get("/").status == 200
    assert outside.send_event(name=name).status == 202
    wait_until_stored(droplet, name, 1)
    return failed


def test_a_version_that_does_not_start(droplet: Droplet, outside: Outside, project: Path) -> None:
    _append(
        project / "files/analytics/gunicorn.conf.py",
        'sys.exit("analytics: a fault of the new version")',
    )
    failed = _fails(project, droplet, outside, "the new one does not start")
    assert "analytics: a fault of the new version" in failed.said, "Its log is not shown."
    # What is seen first depends on how long each start takes.
    ends = r"freehold-webapp-\d+ (has ended \d+ times|is not healthy|did not become healthy)"
    assert re.search(ends, failed.said), failed.said


def test_a_version_that_is_never_healthy(droplet: Droplet, outside: Outside, project: Path) -> None:
    """It answers, and says itself that it is not well."""
    path = project / SOURCE / "health.py"
    path.write_text(path.read_text().replace("if not healthy:", "if healthy:"))
    failed = _fails(project, droplet, outside, "the new one is not healthy")
    assert re.search(r"freehold-webapp-\d+ (is not|did not become) healthy", failed.said)


def test_a_migration_that_fails(droplet: Droplet, outside: Outside, project: Path) -> None:
    versions = project / SOURCE / "keeping/migrations/versions"
    newest = max(path.name[:4] for path in versions.glob("[0-9]*.py"))
    (versions / "9999_wrong.py").write_text(
        "from alembic import op\n"
        f'revision, down_revision = "9999", "{newest}"\n'
        "branch_labels = depends_on = None\n"
        "def upgrade() -> None:\n"
        '    op.execute("ALTER TABLE visits ADD half_done int")\n'
        '    op.execute("ALTER TABLE nothing ADD column_of_it int")\n'
    )
    failed = _fails(project, droplet, outside, "the migration fails")
    assert 'relation "nothing" does not exist' in failed.said
    ask = f"docker exec {container('db')} psql -U analytics -Atc 'SELECT half_done FROM visits'"
    assert droplet.run(ask, check=False) == "", "A part of the migration is left."


def test_back_and_forth(droplet: Droplet, outside: Outside, project: Path) -> None:
    image = "docker inspect --format '{{.Config.Image}}' "
    before = droplet.run(image + container("webapp"))
    _append(project / SOURCE / "__init__.py", "# another version")
    assert deploy(project=project).code == 0
    assert droplet.run(image + container("webapp")) != before
    started = "docker inspect --format '{{.State.StartedAt}}' "
    latest = droplet.run(started + container("webapp"))
    back = run("make", "rollback", "WHAT=service", "LIMIT=emulated")
    assert back.code == 0, back.said
    assert droplet.run(image + container("webapp")) == before
    assert droplet.run(image + container("worker")) == before
    assert droplet.run(started + container("webapp")) < latest, "Who stood by was not called."
    assert outside.send_event(name="after the rollback").status == 202
    wait_until_stored(droplet, "after the rollback", 1)
    # What was gone back to is what this checkout describes.
    candidate = "Stack | Write the compose project (/opt/freehold/candidate.yml)"
    assert deploy("--json").changed() == [candidate]


def test_the_site_goes_back_by_itself(droplet: Droplet, outside: Outside, project: Path) -> None:
    page = project / "examples/blog/_site/about.html"
    page.write_text(page.read_text().replace("</main>", "<p>A line too many.</p></main>"))
    assert deploy(project=project).code == 0
    assert b"A line too many." in outside.get("/about").body
    back = run("make", "rollback", "LIMIT=emulated")
    assert back.code == 0, back.said
    assert b"A line too many." not in outside.get("/about").body
    listed = run("make", "releases", "LIMIT=emulated").stdout
    live = [line for line in listed.splitlines() if line.rstrip().endswith("live")]
    assert len(live) == 3, listed
