"""The host's certificate program: whether the authority will find this host."""

import socket
import struct
import threading
from pathlib import Path

import pytest

from freehold_certificate import reach, resolver
from freehold_host.trouble import Trouble


def test_which_dns_servers_are_asked(tmp_path: Path) -> None:
    told = "Global:\nLink 2 (eth0): 192.0.2.1 2001:db8::1\n"
    told += "Link 3 (wg0): 192.0.2.2#a.test 10.0.0.1:5353\n"
    assert resolver.behind_resolved(told) == ["192.0.2.1", "2001:db8::1", "192.0.2.2"]
    assert resolver.behind_resolved("") == []
    with pytest.raises(Trouble, match=r"blog\.test leads \(no server is known: /etc/resolv\.conf"):
        resolver.resolve("blog.test", tmp_path)


def _resetting(listener: socket.socket, times: int) -> None:
    """Cut off so many who connect, and answer the next, if it comes."""
    for number in range(min(times + 1, reach._ATTEMPTS)):
        connection, _ = listener.accept()
        if number < times:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nproof")
        connection.close()


@pytest.mark.parametrize(("times", "fault"), [(0, ""), (2, ""), (3, "nothing answers on port 80")])
def test_who_is_cut_off_by_a_reload_asks_again(
    monkeypatch: pytest.MonkeyPatch, times: int, fault: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setattr(reach, "_PORT", listener.getsockname()[1])
        monkeypatch.setattr(reach, "_PAUSE", 0)
        server = threading.Thread(target=_resetting, args=(listener, times), daemon=True)
        server.start()
        told = reach._fault("blog.test", "127.0.0.1", "path", "proof")
        # Else it waits for one more at a socket that is closed, or by then is another test's file.
        server.join(5)
        assert not server.is_alive()
    assert told == "" if not fault else fault in told
