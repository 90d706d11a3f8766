"""Every setting and its default. The owner's own lines are in droplets.py.

A setting in droplets.py (or in the file of another group that a host is in) wins over one here.
"""

# ---- The site ---------------------------------------------------------------------------------

# The one name that the site answers under; every other name is redirected to it.
domain: str | None = None

# Further names that are redirected to `domain`. None: www.<domain>. []: no other name.
aliases: list[str] | None = None

# Where the certificate authority may write to. May stay empty.
email: str = ""

# The folder with the built site, relative to this project or absolute. It must hold index.html.
site_path: str = "examples/blog/_site"

# How many releases of the site stay on the host, the live one included.
site_releases_kept: int = 5

# ---- Analytics --------------------------------------------------------------------------------

# The origins whose pages may send events. Empty: the site's own names.
allowed_origins: list[str] = []

# Whether servers may send events too, each with a token that you make for it.
server_senders: bool = False

# What tells of page views. "script": the tracker in the page. "log": the web server itself, so that
# the site needs no script.
count_from: str = "script"

# Whose midnight ends a day.
time_zone: str = "UTC"

# What is kept beside the page itself, field by field. What is left out is never computed.
collect: list[str] = [
    *("referrer", "campaign", "country", "browser", "system", "screen", "language"),
    *("visitor", "engagement", "properties"),
]

# Whether those whose browser asks not to be tracked (Do Not Track, Global Privacy Control) are left
# uncounted.
honour_do_not_track: bool = True

# Whether everybody may look at the statistics, and change nothing.
public_statistics: bool = False

# How many days single events are kept. The daily sums stay.
keep_days: int = 400

# Pages that are not counted; * stands for any characters.
ignored_paths: list[str] = []

# Query parameters that tell one page from another, such as "id". Others are not kept.
kept_parameters: list[str] = []

# Where the script is that the site's pages load to be counted. A file of the site's own under this
# path is not seen.
tracker_path: str = "/js/script.js"

# Where the page is that tells visitors what is counted and how to opt out. A page of the site's own
# under this path is shown in its place. "": no such page.
privacy_path: str = "/privacy"

# Whom that page names for questions: an e-mail address, the address of a page (https://), or words.
privacy_contact: str = ""

# Sites that are elsewhere and are counted here too, by their domain: {"shop.example": {}}. In the
# braces stands what differs: a site without it has the settings above, and its own name for origin.
further_sites: dict[str, dict[str, object]] = {}

# ---- Access -----------------------------------------------------------------------------------

# Who pyinfra logs in as: root, by key; nobody else is let in.
ssh_user: str = "root"

# Only a server whose host key is known is spoken with: no trust on first use. "accept-new" trusts
# the key that a server shows first, and no other afterwards.
ssh_strict_host_key_checking: str = "yes"

# The public keys that may log in, exactly these: files on this machine, or the keys themselves.
# A relative path begins in this project, here and below.
authorized_keys: list[str] = ["~/.ssh/id_ed25519.pub"]

# The addresses and networks that SSH can be reached from, IPv4 and IPv6, such as "203.0.113.7" and
# "2001:db8:1::/48". Empty: from everywhere. Yours must be among them, and should never change.
ssh_allowed_from: list[str] = []

# ---- The host ---------------------------------------------------------------------------------

# The host's own name. None: `domain`.
hostname: str | None = None

# The time (UTC, HH:MM) at which a reboot for a security update may happen.
reboot_time: str = "04:00"

# Whether the images get their newest base once a week, half an hour after `reboot_time` on Sundays.
weekly_rebuild: bool = True

# Swap, made when the machine has under 2 GB of memory.
swap_megabytes: int = 1024

# The most that the journal keeps on disk, and for how many days. Of all logs it alone has
# addresses: of those who knock at SSH.
journal_megabytes: int = 200
journal_days: int = 30

# ---- The door ---------------------------------------------------------------------------------

# "acme": from a certificate authority, and renewed by itself. "provided": the two files below.
# "selfsigned": made on the host; browsers warn.
certificate_mode: str = "acme"

# For "acme": "letsencrypt", "letsencrypt-staging" (for trying; browsers warn), or the address of
# another authority's directory. What of it may be chosen is its profile, such as "shortlived" for
# six days; "" is its own default.
acme_server: str = "letsencrypt"
acme_profile: str = ""

# Only for a private authority: whom to trust for its own HTTPS, as a PEM file on this machine.
acme_ca: str | None = None

# Who is told when the certificate gets out of order, and when it is mended: an address that takes
# a POST of JSON, as the webhooks of Slack, Mattermost and Discord do. "": nobody.
notify_url: str = ""

# For "provided": the certificate with its chain, and its key, as PEM files on this machine. In
# another mode they are not read, so that switching takes one line.
certificate_bundle: str | None = None
certificate_key: str | None = None

# HTTP/3 too, over UDP 443. Browsers that can't get there stay with HTTP/2.
http3: bool = True

# For which names browsers insist on HTTPS, for two years from each visit (HSTS). "domain": those of
# this site alone. "subdomains": every name below `domain` too, served here or elsewhere: each must
# have HTTPS for ever. "preload": the same, and you may hand `domain`, a base domain, in at
# https://hstspreload.org to be built into browsers. Out of these it takes months to get.
hsts: str = "domain"

# What the pages of the site may load and run (Content-Security-Policy), in one line. "": no policy.
# What is not the site's, such as /stats, has a strict one of its own.
content_security_policy: str = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; upgrade-insecure-requests"
)

# A file of your own with directives of nginx, such as redirects. It is included at the end of the
# site's `server` block. None: there is no such file.
nginx_extra: str | None = None

# ---- Docker and the images --------------------------------------------------------------------

# "debian": Debian's own packages, what is tested here. "docker.com": Docker's repository.
docker_packages: str = "debian"

# The official images, each of a version that you chose; `latest` is refused. Of Python the series,
# so that a build takes its security fixes; what is installed in it is pinned by hashes.
nginx_image: str = "nginx:1.30.6"
postgres_image: str = "postgres:17.12"
python_image: str = "python:3.13-slim"

# The most memory that each service may take, in megabytes. A service over it is restarted.
nginx_memory_megabytes: int = 72
webapp_memory_megabytes: int = 136
worker_memory_megabytes: int = 88
db_memory_megabytes: int = 160
