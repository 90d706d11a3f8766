"""Docker, the services' images, and their memory."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from settings.choices import Choice
from settings.images import image, postgres_major
from settings.model.door import Door

Image = Annotated[str, AfterValidator(image)]


class Containers(Door):
    """What the services run in."""

    docker_packages: Annotated[
        Literal["debian", "docker.com"],
        Choice(
            "debian",
            "docker.com",
            otherwise='It must be "debian" (Debian\'s packages) or "docker.com" (Docker\'s own).',
        ),
    ] = Field("debian", examples=["debian"])
    nginx_image: Image = Field("nginx:1.30.6", examples=["nginx:1.30.6"])
    postgres_image: Image = Field("postgres:17.12", examples=["postgres:17.12"])
    python_image: Image = Field("python:3.13-slim", examples=["python:3.13-slim"])
    # Below these the service does not start, or is killed at its first real work.
    nginx_memory_megabytes: int = Field(72, ge=32, le=65536, examples=[72])
    webapp_memory_megabytes: int = Field(136, ge=112, le=65536, examples=[136])
    worker_memory_megabytes: int = Field(88, ge=64, le=65536, examples=[88])
    db_memory_megabytes: int = Field(160, ge=96, le=65536, examples=[160])

    @field_validator("postgres_image")
    @classmethod
    def _postgres_is_supported(cls, given: str) -> str:
        postgres_major(given)
        return given

    @property
    def postgres_major(self) -> int:
        """The major version of PostgreSQL, which the database's volume is called by."""
        return postgres_major(self.postgres_image)
