"""Templates and settings in, text out."""

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.exceptions import TemplateError, TemplateNotFound, TemplateSyntaxError, UndefinedError
from pyinfra.api.exceptions import PyinfraError

from settings.model import Settings
from settings.paths import PROJECT

__all__ = ["PROJECT", "RenderError", "render"]

TEMPLATES = PROJECT / "templates"


class RenderError(PyinfraError):
    """A template of the project can't be rendered; the message names it and the reason."""


@cache
def _environment(folder: str) -> Environment:
    # What is rendered is configuration, not HTML: escaping would turn & and quotes into something
    # that nginx, sshd and systemd do not read.
    return Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - as said above
    )


def _line_of(error: BaseException, template: str) -> int | None:
    """The line of the template that `error` came from: Jinja2 puts it into the traceback."""
    trace, line = error.__traceback__, None
    while trace:
        if trace.tb_frame.f_code.co_filename.endswith(f"/{template}"):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def render(template: str, settings: Settings, **extra: object) -> str:
    """`templates/TEMPLATE` with `settings` and whatever else it needs.

    Raises RenderError, which names the template, the line and what is missing.
    """
    try:
        made = _environment(str(TEMPLATES)).get_template(template)
        return made.render(settings=settings, **extra)
    except TemplateNotFound as error:
        raise RenderError(f"There is no templates/{error.name}") from None
    except TemplateSyntaxError as error:
        where = f"templates/{error.name or template} line {error.lineno}"
        raise RenderError(f"{where} is not a template: {error.message}") from None
    except (UndefinedError, TemplateError) as error:
        line = _line_of(error, template)
        where = f"templates/{template}" + (f" line {line}" if line else "")
        raise RenderError(f"{where} can't be rendered: {error.message}") from None
