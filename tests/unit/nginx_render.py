"""Renders the templates of nginx as pyinfra does, into a folder as a release has it."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from settings.hsts import HSTS
from settings.policy import POLICY

PROJECT = Path(__file__).parents[2]
PAGES = PROJECT / "files" / "nginx"


@dataclass
class Settings:
    """As much of the settings as the templates may read."""

    domain: str = "blog.test"
    aliases: list[str] = field(default_factory=lambda: ["www.blog.test"])
    http3: bool = True
    content_security_policy: str = POLICY
    strict_transport_security: str = HSTS["domain"]
    nginx_extra: str = ""
    count_from: str = "script"
    tracker_path: str = "/js/script.js"
    privacy_path: str = "/privacy"
    allowed_origins: list[str] = field(default_factory=list)

    @property
    def nginx_extra_name(self) -> str:
        return "extra/blog-redirects.conf"


def render(settings: Settings, release: Path) -> Path:
    """Fill `release` with every rendered file and the bundled pages; the main file's path."""
    environment = Environment(  # noqa: S701 - nginx's configuration is no HTML
        loader=FileSystemLoader(PROJECT / "templates" / "nginx"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    release.mkdir(parents=True)
    for name in environment.list_templates():
        text = environment.get_template(name).render(settings=settings)
        (release / name.removesuffix(".j2")).write_text(text)
    if settings.nginx_extra:
        # Here the setting is what stands in the file.
        extra = release / settings.nginx_extra_name
        extra.parent.mkdir()
        extra.write_text(settings.nginx_extra)
    shutil.copytree(PAGES, release / "pages")
    return release / "nginx.conf"
