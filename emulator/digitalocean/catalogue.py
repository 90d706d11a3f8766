"""What can be had: regions, sizes and images. An excerpt of the real catalogue, with its prices."""

from typing import Any

from flask import Blueprint, request

from emulator.digitalocean.errors import not_found
from emulator.digitalocean.pages import listing
from emulator.digitalocean.state import Thing

catalogue = Blueprint("catalogue", __name__)

_FEATURES = ["backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer"]
# Slug, name, and whether new droplets can be made there.
_REGIONS = (
    ("nyc1", "New York 1", True),
    ("nyc2", "New York 2", False),
    ("nyc3", "New York 3", True),
    ("ams3", "Amsterdam 3", True),
    ("sfo2", "San Francisco 2", False),
    ("sfo3", "San Francisco 3", True),
    ("sgp1", "Singapore 1", True),
    ("lon1", "London 1", True),
    ("fra1", "Frankfurt 1", True),
    ("tor1", "Toronto 1", True),
    ("blr1", "Bangalore 1", True),
    ("syd1", "Sydney 1", True),
)
_OPEN = [slug for slug, _, available in _REGIONS if available]
# Slug, MB of memory, processors, GB of disk, TB of transfer, dollars a month and an hour.
# https://www.digitalocean.com/pricing/droplets
_SIZES = (
    ("s-1vcpu-512mb-10gb", 512, 1, 10, 0.5, 4.0, 0.00595),
    ("s-1vcpu-1gb", 1024, 1, 25, 1.0, 6.0, 0.00893),
    ("s-1vcpu-1gb-amd", 1024, 1, 25, 1.0, 7.0, 0.01042),
    ("s-1vcpu-1gb-intel", 1024, 1, 25, 1.0, 7.0, 0.01042),
    ("s-1vcpu-2gb", 2048, 1, 50, 2.0, 12.0, 0.01786),
    ("s-2vcpu-2gb", 2048, 2, 60, 3.0, 18.0, 0.02679),
    ("s-2vcpu-4gb", 4096, 2, 80, 4.0, 24.0, 0.03571),
)
# Not every size is everywhere.
_ELSEWHERE = {"s-1vcpu-512mb-10gb": ["tor1"]}
_IMAGES = (
    (195_932_981, "12 x64", "Debian", "debian-12-x64", "2025-01-17T00:00:00Z"),
    (208_034_701, "13 x64", "Debian", "debian-13-x64", "2025-09-10T00:00:00Z"),
    (195_932_982, "24.04 (LTS) x64", "Ubuntu", "ubuntu-24-04-x64", "2025-01-17T00:00:00Z"),
)

SIZES: dict[str, Thing] = {
    slug: {
        "slug": slug,
        "memory": memory,
        "vcpus": vcpus,
        "disk": disk,
        "transfer": transfer,
        "price_monthly": monthly,
        "price_hourly": hourly,
        "regions": [region for region in _OPEN if region not in _ELSEWHERE.get(slug, [])],
        "available": True,
        "description": "Basic",
        "disk_info": [{"type": "local", "size": {"amount": disk, "unit": "gib"}}],
    }
    for slug, memory, vcpus, disk, transfer, monthly, hourly in _SIZES
}
REGIONS: dict[str, Thing] = {
    slug: {
        "name": name,
        "slug": slug,
        "features": _FEATURES,
        "available": available,
        "sizes": [size["slug"] for size in SIZES.values() if slug in size["regions"]],
    }
    for slug, name, available in _REGIONS
}
IMAGES: dict[str, Thing] = {
    slug: {
        "id": number,
        "name": name,
        "distribution": distribution,
        "slug": slug,
        "public": True,
        "regions": [slug for slug, _, _ in _REGIONS],
        "created_at": created,
        "min_disk_size": 7,
        "type": "base",
        "size_gigabytes": 0.49,
        "description": f"{distribution} {name}",
        "tags": [],
        "status": "available",
        "error_message": "",
    }
    for number, name, distribution, slug, created in _IMAGES
}


def region_view(slug: str) -> Thing:
    """A region as other things show it."""
    return REGIONS[slug]


def image_of(identifier: object) -> Thing | None:
    """The image of a slug or a number."""
    for image in IMAGES.values():
        if identifier in (image["slug"], image["id"]) or identifier == str(image["id"]):
            return image
    return None


@catalogue.get("/v2/regions")
def list_regions() -> dict[str, Any]:
    return listing("regions", [*REGIONS.values()])


@catalogue.get("/v2/sizes")
def list_sizes() -> dict[str, Any]:
    return listing("sizes", [*SIZES.values()])


@catalogue.get("/v2/images")
def list_images() -> dict[str, Any]:
    # The account has none of its own, and no image of an application.
    nothing = request.args.get("private") == "true" or request.args.get("type") == "application"
    return listing("images", [] if nothing else [*IMAGES.values()])


@catalogue.get("/v2/images/<identifier>")
def get_image(identifier: str) -> dict[str, Any]:
    image = image_of(identifier)
    if not image:
        raise not_found()
    return {"image": image}
