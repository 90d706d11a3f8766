"""Every setting and its default. The owner's own lines are in droplets.py.

A setting in droplets.py (or in the file of another group that a host is in) wins over one here.
"""

# ---- The site ---------------------------------------------------------------------------------

# The one name that the site answers under; every other name is redirected to it.
domain: str | None = None

# Further names that are redirected to `domain`. None: www.<domain>. []: no other name.
aliases: list[str] | None = None

# Where the certificate authority may write to. May stay empty. It is told with the account's first
# order; a later change by `certbot update_account --email ADDRESS --server DIRECTORY` on the host.
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

# What is kept beside the page itself, field by field. What is left out is no longer computed or
# stored. Without "visitor" there is no "engagement" either: nothing would tell whose it is.
collect: list[str] = [
    *("referrer", "campaign", "country", "browser", "system", "screen", "language"),
    *("visitor", "engagement", "properties"),
]

# Whether those whose browser asks not to be tracked (Do Not Track, Global Privacy Control) are left
# uncounted.
honour_do_not_track: bool = True

# Whether everybody may look at the statistics, and change nothing.
public_statistics: bool = False

# How many days single events are kept.
keep_days: int = 400

# How many days the daily sums are kept, at least keep_days; None keeps them for good.
sums_days: int | None = None

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

# Of which type its key is: "ecdsa-p256", "ecdsa-p384" or "rsa-2048", the last for clients that know
# no other. When it changes, the next deploy orders anew.
acme_key_type: str = "ecdsa-p256"

# Only for a private authority: whom to trust for its own HTTPS, as a PEM file on this machine.
acme_ca: str | None = None

# Who is told when something stays out of order, and when that is mended; "": nobody. What listens
# there: "webhook" takes a POST of JSON, as Slack, Mattermost and Discord do; "ntfy" is a topic of
# ntfy; "healthchecks" gets a ping at each look, so that it notices a silent host as well.
notify_url: str = ""
notify_kind: str = "webhook"

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
# PostgreSQL's by Debian, not Alpine, which has another user and sorts otherwise.
postgres_image: str = "postgres:17.12"
python_image: str = "python:3.13-slim"

# The most memory that each service may take, in megabytes. A service over it is restarted.
nginx_memory_megabytes: int = 72
webapp_memory_megabytes: int = 136
worker_memory_megabytes: int = 88
db_memory_megabytes: int = 160

# ---- Backups ----------------------------------------------------------------------------------

# Where encrypted backups go, as restic has it: "sftp:you@backup.example:/srv/freehold",
# "s3:https://fra1.digitaloceanspaces.com/bucket/freehold", "rest:https://backup.example/", or a
# folder of the host such as "/mnt/backup". "": nothing is backed up.
backup_repository: str = ""

# A file on this machine that says who comes there, a line each: AWS_ACCESS_KEY_ID=… and
# AWS_SECRET_ACCESS_KEY=… for S3, RESTIC_REST_USERNAME=… and RESTIC_REST_PASSWORD=… for REST.
backup_credentials: str | None = None

# For SFTP: the private key that is let in there, made for this alone and without a passphrase; and
# the server's own public host key, for no server is trusted on first use.
backup_ssh_key: str | None = None
backup_host_key: str = ""

# The key that every backup is encrypted with, as a file on this machine. It is made when there is
# none; without it no backup can be read. None: ~/.config/freehold/DOMAIN.key
backup_key: str | None = None

# Every how many hours all is backed up: 1, 2, 3, 4, 6, 8, 12 or 24. The newest events are copied
# every four minutes, whatever this is.
backup_every_hours: int = 1

# How many backups are kept, by restic's policy: the last of so many hours, days, weeks, months and
# years ("yearly").
backup_keep: dict[str, int] = {"hourly": 48, "daily": 14, "weekly": 8, "monthly": 12}

# What a host that is new begins with. "": the newest backup of this domain, if there is one;
# "latest": that, and without one it is an error; or a backup as `make backups` lists them; "none":
# nothing. A host that has a database already is left as it is: make restore.
restore: str = ""

# ---- The droplet ------------------------------------------------------------------------------

# Where `make droplet` makes your droplet at Digital Ocean: a region, such as "fra1". None: nothing
# of Digital Ocean's is asked; your server is the one whose address you wrote in inventory.py.
droplet_region: str | None = None

# What it is called there (None: `hostname`), how large it is, and from what it is made.
droplet_name: str | None = None
droplet_size: str = "s-1vcpu-1gb"
droplet_image: str = "debian-13-x64"

# How it is told from your other droplets: what carries this tag is looked after, and nothing else.
droplet_tag: str = "freehold"

# Whether Digital Ocean draws its curves of processor, memory and disk.
droplet_monitoring: bool = True

# An address that outlives the droplet. "yes": one is reserved. Or one that you have reserved.
reserved_address: str = "no"

# Whether the names lead to the droplet by records in Digital Ocean's DNS, which must have the
# domain. False: you write the records elsewhere.
manage_dns: bool = True

# Whether Digital Ocean looks at the site every few minutes, from two continents, and whom it writes
# to when the site is down or its certificate ends: an address that your account there knows.
uptime_check: bool = False
uptime_email: str = ""
