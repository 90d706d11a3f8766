"""Region, size and image: what of it there is, said before anything is bought."""

from digitalocean.errors import CloudError
from digitalocean.facts import Facts
from digitalocean.things import Size
from settings.model import Settings

SHOWN_AT_MOST = 12


def check_choices(facts: Facts, settings: Settings) -> None:
    """Raise CloudError when there is no such region, size or image, and say which there are."""
    sizes, region, size = facts.sizes(), settings.droplet_region or "", settings.droplet_size
    regions = sorted({one for known in sizes for one in known.regions})
    if region not in regions:
        raise CloudError(
            f"Digital Ocean has no region {region} (droplet_region). There are: "
            f"{', '.join(regions)}"
        )
    there = sorted(
        (one for one in sizes if one.available and region in one.regions),
        key=lambda one: one.monthly,
    )
    if size not in [one.slug for one in there]:
        exists = any(one.slug == size for one in sizes)
        raise CloudError(
            f"Digital Ocean has no size {size}{f' in {region}' if exists else ''} (droplet_size). "
            f"The cheapest there: {', '.join(one.slug for one in there[:SHOWN_AT_MOST])}"
        )
    images = facts.images()
    if settings.droplet_image not in images:
        fit = [one for one in images if one.startswith("debian")] or images
        raise CloudError(
            f"Digital Ocean has no image {settings.droplet_image} (droplet_image). There are: "
            f"{', '.join(fit[:SHOWN_AT_MOST])}"
        )


def size_of(facts: Facts, slug: str) -> Size | None:
    """The size called `slug`, with its price."""
    return next((one for one in facts.sizes() if one.slug == slug), None)
