"""The site's folder: what can be published as it is."""

import os
from pathlib import Path

import pytest

from settings import folder
from settings.faults import Fault
from settings.folder import site_folder


@pytest.fixture
def site(tmp_path: Path) -> Path:
    made = tmp_path / "site"
    (made / "posts").mkdir(parents=True)
    (made / "index.html").write_text("<h1>Hello</h1>")
    (made / "posts" / "index.html").write_text("<h1>Posts</h1>")
    return made


def refused(path: Path | str) -> Fault:
    with pytest.raises(Fault) as caught:
        site_folder(str(path))
    return caught.value


def test_a_site_with_links_within_is_right(site: Path) -> None:
    (site / "latest").symlink_to("posts")
    (site / "start.html").symlink_to(site / "index.html")
    assert site_folder(str(site)) == site


def test_a_missing_folder_is_told_with_how_to_build_it(tmp_path: Path) -> None:
    assert "jekyll build" in refused(tmp_path / "none").sentences[0]
    (tmp_path / "_config.yml").touch()
    said = refused(tmp_path / "_site").sentences[0]
    assert f"jekyll build --source {tmp_path} --destination {tmp_path}/_site" in said


def test_the_example_blog_is_built_by_make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "EXAMPLE", tmp_path)
    assert "make site" in refused(tmp_path / "_site").sentences[0]


def test_the_source_of_a_site_is_told_with_its_built_folder(tmp_path: Path, site: Path) -> None:
    site.rename(tmp_path / "public")
    fault = refused(tmp_path)
    assert "no index.html" in fault.sentences[0]
    assert fault.right == str(tmp_path / "public")


def test_a_repository_is_no_site(site: Path) -> None:
    (site / ".git").mkdir()
    assert ".git" in refused(site).sentences[0]


def test_a_repository_within_is_told(site: Path) -> None:
    (site / "posts" / ".git").mkdir()
    assert "history" in refused(site).sentences[0]


def test_a_file_is_no_folder(site: Path) -> None:
    assert "is a file" in refused(site / "index.html").sentences[0]


def test_links_out_of_the_site_broken_ones_and_loops_are_told(tmp_path: Path, site: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (site / "out").symlink_to("../secret")
    (site / "broken").symlink_to("nowhere")
    (site / "posts" / "loop").symlink_to("..")
    said = "\n".join(refused(site).sentences)
    assert "out of the site" in said
    assert "leads nowhere" in said
    assert "that it is in itself" in said


def test_a_pipe_is_told_rather_than_waited_for(site: Path) -> None:
    os.mkfifo(site / "pipe")
    assert "neither a file nor a folder" in refused(site).sentences[0]


def test_many_faults_are_counted(site: Path) -> None:
    for number in range(9):
        (site / f"{number}").symlink_to("nowhere")
    sentences = refused(site).sentences
    assert len(sentences) == 4
    assert "6 more" in sentences[-1]


def test_links_that_lead_to_each_other_are_told(site: Path) -> None:
    (site / "notes").mkdir()
    (site / "notes" / "posts").symlink_to("../posts")
    assert site_folder(str(site)) == site
    (site / "posts" / "notes").symlink_to("../notes")
    assert refused(site).sentences == (
        f"{site}/notes/posts, {site}/posts/notes: these links lead in a circle.",
    )


def test_a_name_that_is_no_text_can_be_told(site: Path) -> None:
    os.mkfifo(os.fsencode(site) + b"/caf\xe9")
    (sentence,) = refused(site).sentences
    assert sentence.encode().startswith(b"%b/caf\\xe9 is neither" % os.fsencode(site))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_a_site_is_made_from_is_told_though_it_has_an_index(site: Path, end: str) -> None:
    """A folder within a repository has no .git that would tell it."""
    (site / "index.html").write_bytes(f"---{end}layout: home{end}---{end}".encode())
    (site / "_config.yml").touch()
    fault = refused(site)
    assert "index.html is not built" in fault.sentences[0]
    assert f"jekyll build --source {site}" in fault.sentences[0]
    (site / "_site").mkdir()
    (site / "_site" / "index.html").write_text("<h1>Hello</h1>")
    assert refused(site).right == str(site / "_site")


@pytest.mark.parametrize(
    "line",
    [
        '<link rel="canonical" href="http://localhost:4000/" />',
        "<LINK href=http://127.0.0.1:1313/feed.xml rel=alternate>",
    ],
)
def test_a_site_that_was_built_for_a_preview_is_told(tmp_path: Path, site: Path, line: str) -> None:
    """Its feed and its redirects would lead visitors to their own machine."""
    built = tmp_path / "_site"
    site.rename(built)
    (tmp_path / "_config.yml").touch()
    (built / "index.html").write_text(f"<title>Hello</title>\n{line}\n")
    (sentence,) = refused(built).sentences
    assert "preview" in sentence
    assert f"jekyll build --source {tmp_path}" in sentence


@pytest.mark.parametrize(
    "text",
    [
        '<p>Open <a href="http://localhost:4000">http://localhost:4000</a>',
        '<link rel="canonical" href="https://localhost.example/">',
        "<hr>---",
    ],
)
def test_a_page_may_write_about_previews(site: Path, text: str) -> None:
    (site / "index.html").write_text(text)
    assert site_folder(str(site)) == site
