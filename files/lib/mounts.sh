#!/bin/sh
# Holds to their options the places where a program, a device or a borrowed power has no business.
#
#   mounts.sh apply         now, and by fstab after each boot
#   mounts.sh list          what they are held to now, and whether fstab has it
#   mounts.sh fstab FILE    what should stand in the place of that fstab
set -eu

wanted() {
  # systemd mounts the first two before it reads any unit, and afterwards gives them what fstab says:
  # https://manpages.debian.org/trixie/systemd/systemd-remount-fs.service.8.en.html
  # The others are mounted on themselves, for a small disk is better whole. `nofail`: no boot waits
  # for them. mkinitramfs works in /var/tmp, and knows of noexec (initramfs-tools' get_source).
  # /dev: FILE-6374 of Lynis. The others: CIS 1.1.2.2, 1.1.2.3, 1.1.2.5.
  cat <<'END'
devtmpfs /dev devtmpfs nosuid,noexec 0 0
tmpfs /dev/shm tmpfs nosuid,nodev,noexec 0 0
/home /home none bind,nosuid,nodev,nofail 0 0
/var/tmp /var/tmp none bind,nosuid,nodev,noexec,nofail 0 0
END
}

fstab() { # FILE
  wanted | awk '
    NR == FNR { ours[$2] = $0; order[++n] = $2; next }
    # A disk or a partition of its own, where a provider or an owner gave it one.
    $2 in ours && ($1 ~ /^\/dev\// || $1 ~ /^[A-Z]+=/) { delete ours[$2] }
    /^[ \t]*#/ || !($2 in ours) { print }
    END { for (i = 1; i <= n; i++) if (order[i] in ours) print ours[order[i]] }
  ' - "$1"
}

case ${1:-} in
  apply)
    fstab /etc/fstab >/etc/fstab.new
    chmod 644 /etc/fstab.new
    mv /etc/fstab.new /etc/fstab
    wanted | while read -r _ where _ options _; do
      mountpoint --quiet "$where" || mount "$where"
      mount -o "remount,${options%,nofail}" "$where"
    done
    ;;
  list)
    wanted | while read -r _ where _; do
      findmnt --noheadings --output OPTIONS "$where" | tr , '\n' | grep -xE 'nosuid|nodev|noexec' ||
        echo "$where is loose"
    done
    fstab /etc/fstab | cmp -s - /etc/fstab || echo "fstab differs"
    ;;
  fstab) fstab "${2:?which file?}" ;;
  *)
    sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
