"""SSH keys: which may log in, which pyinfra may use, and what is said about the others."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from settings.faults import Fault
from settings.keys import key_lines, private_key
from tests.unit.settings_lab import private_text, public_line

MODERN = ed25519.Ed25519PrivateKey.generate()
# In the form of a hardware key; no token has its private half.
TOKEN = (
    "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIBvLcPaYLGTdVkGkKj+B"
    "jYQ8cVqrxZMZvnJ6XOYR0YxxAAAABHNzaDo= token"
)
DSA = "ssh-dss AAAAB3NzaC1kc3MAAACBAPx old"


def refused(*entries: str) -> str:
    with pytest.raises(Fault) as caught:
        key_lines(entries)
    return "\n".join(caught.value.sentences)


def test_files_and_keys_become_lines_with_their_comments(tmp_path: Path) -> None:
    other = public_line(ec.generate_private_key(ec.SECP256R1()), "laptop")
    file = tmp_path / "keys"
    file.write_text(f"# mine\n\n{public_line(MODERN, 'me@home')}\n{other}\r\n")
    rsa_line = public_line(rsa.generate_private_key(65537, 3072))
    assert key_lines([str(file), rsa_line]) == (public_line(MODERN, "me@home"), other, rsa_line)


def test_a_key_given_twice_is_there_once(tmp_path: Path) -> None:
    file = tmp_path / "id.pub"
    file.write_text(public_line(MODERN, "first"))
    assert key_lines([str(file), public_line(MODERN, "second")]) == (public_line(MODERN, "first"),)


def test_home_and_relative_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "id.pub").write_text(public_line(MODERN))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("settings.paths.PROJECT", tmp_path)
    assert key_lines(["~/id.pub"]) == key_lines(["id.pub"]) == (public_line(MODERN),)


def test_options_and_hardware_keys_are_kept() -> None:
    limited = f'from="203.0.113.0/24,2001:db8::/32" {public_line(MODERN, "me")}'
    assert key_lines([limited, TOKEN]) == (limited, TOKEN)


def test_an_empty_list_would_lock_the_owner_out(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("# nothing\n")
    assert "lock you out" in refused()
    assert "holds no key" in refused(str(tmp_path / "empty"))


def test_a_missing_file_is_told_with_those_that_are_there(tmp_path: Path) -> None:
    assert "ssh-keygen -t ed25519" in refused(str(tmp_path / "id.pub"))
    (tmp_path / "id_work.pub").write_text(public_line(MODERN))
    assert str(tmp_path / "id_work.pub") in refused(str(tmp_path / "id.pub"))
    assert "is a folder" in refused(str(tmp_path))
    assert "no user" in refused("~nobody-of-that-name/id.pub")


def test_a_private_key_is_refused_and_not_repeated(tmp_path: Path) -> None:
    text = private_text(MODERN)
    file = tmp_path / "id"
    file.write_text(text)
    assert f"name {file}.pub" in refused(str(file))
    said = refused(text)
    assert "must never leave" in said
    assert text.splitlines()[1] not in said


def test_weak_damaged_and_foreign_kinds_are_told() -> None:
    assert "2048 bits, and 3072" in refused(public_line(rsa.generate_private_key(65537, 2048)))
    assert "DSA" in refused(DSA)
    assert "damaged" in refused(public_line(MODERN)[:-9])
    mixed = public_line(MODERN).replace("ssh-ed25519", "ssh-rsa")
    assert "damaged" in refused(mixed)
    assert "certificate" in refused("ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1l me")
    assert "unknown kind ssh-xmss" in refused("ssh-xmss AAAAIHNzaC1l me")
    assert "not a whole one" in refused("ssh-ed25519 hello")


def test_all_wrong_entries_are_told_together(tmp_path: Path) -> None:
    assert len(refused(str(tmp_path / "a"), DSA, public_line(MODERN), "b.pub").splitlines()) == 3


@pytest.mark.parametrize("openssh", [True, False])
def test_private_keys_in_both_forms(tmp_path: Path, openssh: bool) -> None:
    file = tmp_path / "id"
    file.write_text(private_text(rsa.generate_private_key(65537, 3072), openssh=openssh))
    private_key(str(file))


@pytest.mark.parametrize("openssh", [True, False])
def test_a_passphrase_is_told_with_the_way_out(tmp_path: Path, openssh: bool) -> None:
    file = tmp_path / "id"
    file.write_text(private_text(MODERN, b"secret", openssh=openssh))
    with pytest.raises(Fault, match="ssh-add"):
        private_key(str(file))


def test_wrong_private_keys(tmp_path: Path) -> None:
    file = tmp_path / "id.pub"
    file.write_text(public_line(MODERN, "me"))
    with pytest.raises(Fault, match="public key") as caught:
        private_key(str(file))
    assert caught.value.right == str(tmp_path / "id")
    file.write_text("hello")
    with pytest.raises(Fault, match="not a private SSH key"):
        private_key(str(file))
    with pytest.raises(Fault, match="no file"):
        private_key(str(tmp_path / "none"))


def test_several_keys_in_one_text_are_several_lines() -> None:
    other = public_line(ec.generate_private_key(ec.SECP256R1()))
    assert key_lines([f"{public_line(MODERN)}\n{other}\n"]) == (public_line(MODERN), other)
    assert "not a public SSH key" in refused(f"{public_line(MODERN)}\nhello")


def test_a_pasted_private_key_is_not_repeated_as_a_path() -> None:
    with pytest.raises(Fault) as caught:
        private_key(private_text(MODERN))
    assert "PRIVATE" not in str(caught.value)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in refused(str(tmp_path / "pipe"))
