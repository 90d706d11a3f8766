"""The records of a zone as master files have them (RFC 1035, 5.1)."""

from collections.abc import Iterable

from emulator.digitalocean.state import Thing

SERVERS = ("ns1.digitalocean.com", "ns2.digitalocean.com", "ns3.digitalocean.com")


def _absolute(data: str, zone: str) -> str:
    return f"{zone if data == '@' else data}."


def text_of(record: Thing) -> str:
    """Its data."""
    kind, data, zone = record["type"], record["data"], record["_domain"]
    match kind:
        case "SOA":
            return f"{SERVERS[0]}. hostmaster.{zone}. 1 10800 3600 604800 {data}"
        case "CAA":
            return f'{record["flags"]} {record["tag"]} "{data}"'
        case "TXT":
            # A string of it has up to 255 bytes.
            parts = (data[at : at + 255] for at in range(0, len(data), 255))
            return " ".join('"' + part.replace('"', '\\"') + '"' for part in parts)
        case "CNAME" | "NS":
            return _absolute(data, zone)
        case "MX":
            return f"{record['priority']} {_absolute(data, zone)}"
        case "SRV":
            numbers = f"{record['priority']} {record['weight']} {record['port']}"
            return f"{numbers} {_absolute(data, zone)}"
    return str(data)


def zone_file(zone: str, ttl: int, records: Iterable[Thing]) -> str:
    """The whole of a zone."""
    lines = [f"$ORIGIN {zone}.", f"$TTL {ttl}"]
    for record in records:
        owner = zone if record["name"] == "@" else f"{record['name']}.{zone}"
        lines.append(f"{owner}. {record['ttl']} IN {record['type']} {text_of(record)}")
    return "\n".join(lines) + "\n"
