"""Templates: found from anywhere, strict, and clear when they are wrong."""

from pathlib import Path

import pytest

from settings import render as module
from settings.load import settings_of
from settings.render import RenderError, render
from tests.unit.settings_lab import right


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "templates"
    folder.mkdir()
    monkeypatch.setattr(module, "TEMPLATES", folder)
    monkeypatch.chdir("/")
    return folder


def test_settings_and_what_is_given_beside_are_rendered(templates: Path, tmp_path: Path) -> None:
    (templates / "a.j2").write_text("{{ settings.domain }} & {{ more }}\n")
    assert render("a.j2", settings_of(right(tmp_path)), more="<'>") == "blog.test & <'>\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n{{ more }}", "templates/a.j2 line 2 can't be rendered: 'more' is undefined"),
        ("{{ settings.dommain }}", "has no attribute 'dommain'"),
        ("\n\n{% if %}", "templates/a.j2 line 3 is not a template"),
        ("{% include 'b.j2' %}", "no templates/b.j2"),
    ],
)
def test_a_wrong_template_is_told(templates: Path, tmp_path: Path, text: str, said: str) -> None:
    (templates / "a.j2").write_text(text)
    with pytest.raises(RenderError) as caught:
        render("a.j2", settings_of(right(tmp_path)))
    assert said in str(caught.value)


def test_the_projects_own_templates_are_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "blog.test" in render("nginx/servers.conf.j2", settings_of(right(tmp_path)))
