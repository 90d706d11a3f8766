"""What restic's errors mean, in words for the owner."""

import re

# https://restic.readthedocs.io/en/stable/075_scripting.html#exit-codes
INCOMPLETE, MISSING, LOCKED, WRONG_KEY = 3, 10, 11, 12
NOWHERE = "Nothing is backed up here: name a backup_repository, then: make deploy"

_UNREACHABLE = (
    r"connection refused|no such host|server misbehaving|network is unreachable|timed? ?out|"
    r"no route to host|connection reset|sftp session|subprocess ssh|context deadline"
)
_DAMAGED = (
    r"invalid data|ciphertext verification failed|hash mismatch|does not match|damaged|"
    r"not found in repository|contains errors|panic:|too short|loadraw|readfull"
)
_FORBIDDEN = r"access denied|forbidden|unauthorized|permission denied|invalidaccesskey|signature"


# What is searched for in restic's words, in this order, and what it means.
_MEANINGS = (
    (
        r"no space left on device|quota",
        # Nor can restic free any without some. https://github.com/restic/restic/issues/3464
        "{repository} is full. Give it more room; if there is to be less in it, lower backup_keep "
        "too, and some of the room is free again after a night.",
    ),
    (
        r"bucket does not exist|nosuchbucket",
        "The bucket of {repository} does not exist. Make it at your provider's; then: make deploy",
    ),
    (
        r"host key verification failed",
        "The server of {repository} shows another host key than backup_host_key. If it was not "
        "made anew, stop: someone may stand in between.",
    ),
    (
        _FORBIDDEN,
        "{repository} does not let this host in ({last}). See backup_credentials, or for SFTP "
        "backup_ssh_key.",
    ),
    (
        _UNREACHABLE,
        "{repository} is not reached ({last}). It is tried again by itself.",
    ),
    (
        _DAMAGED,
        "{repository} is damaged ({last}). What can be read of it still restores. See "
        "https://restic.readthedocs.io/en/stable/077_troubleshooting.html, or name another "
        "backup_repository and: make deploy",
    ),
)


def reason(code: int, said: str, repository: str) -> str:
    """One sentence or two: what is wrong, and what to do about it."""
    last, low = _last(said), said.lower()
    known = _of_code(code, said, repository, last)
    if known:
        return known
    for pattern, sentence in _MEANINGS:
        if re.search(pattern, low):
            return sentence.format(repository=repository, last=last)
    return f"restic ended with {code} at {repository}: {last}"


def _of_code(code: int, said: str, repository: str, last: str) -> str:
    if code == WRONG_KEY:
        return (
            f"The key does not open {repository}: its backups were made with another one. Put that "
            "one into the place of backup_key on your machine; then: make deploy"
        )
    if code == LOCKED:
        holder = re.search(r"locked (?:exclusively )?by (.+)", said)
        return (
            f"{repository} is locked{f' by {holder[1]}' if holder else ''}. Another program is at "
            "work in it; a lock that nobody holds any more is taken away after half an hour. If "
            "you know that nobody does: make ssh, and there: freehold-backup unlock"
        )
    if code == MISSING:
        return f"There is no repository in {repository}: it is empty, or it is another place."
    if code == INCOMPLETE:
        return f"Not all could be read, so it is no backup ({last}). It is tried again by itself."
    return ""


def _last(said: str) -> str:
    """The line that says why."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    fatal = [line for line in lines if re.match(r"Fatal:|panic:", line)]
    retried = [line for line in lines if "returned error, retrying" in line]
    # A run that was ended for its time has its reason in what it tried again.
    found = (retried or fatal)[-1:] or lines[-1:] or ["it said nothing"]
    text = re.sub(r"^Fatal: |^.*retrying after \S+ ", "", found[0])
    # An address may have a name and a password in it.
    return re.sub(r"//[^/@\s]*@", "//", text)[:300]
