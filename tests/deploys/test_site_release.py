"""A release of the site: made when something changed, switched at once, the old ones kept."""

from pathlib import Path

from emulator import Droplet
from tests.outside import Outside
from tests.runs import deploy


def _releases(droplet: Droplet) -> list[str]:
    return droplet.run("ls", "/srv/www/releases").split()


def test_a_changed_page_is_a_new_release(droplet: Droplet, outside: Outside, project: Path) -> None:
    unchanged = outside.get("/posts/")
    # Years of earlier releases, of which only the newest stay.
    droplet.run("mkdir -p /srv/www/releases/2020010{1..7}T000000Z-0123456789ab")
    page = project / "examples" / "blog" / "_site" / "about.html"
    page.write_text(page.read_text().replace("</main>", "<p>One more line.</p></main>"))
    done = deploy("--json", project=project)
    assert done.code == 0, done.said
    assert done.changed() == ["Site | Switch to a new release of the site, if it has changed"]
    assert b"One more line." in outside.get("/about").body
    # The next visit of a page that did not change costs a 304, as before.
    assert outside.get("/posts/").headers["etag"] == unchanged.headers["etag"]
    kept = _releases(droplet)
    assert len(kept) == 5
    assert "20200107T000000Z-0123456789ab" in kept

    assert deploy().code == 0
    assert b"One more line." not in outside.get("/about").body
