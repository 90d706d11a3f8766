"""A DNS server that knows UDP only, as some routers: `udp_dns.py ADDRESS NAME` leads it home."""

import socket
import sys

from dns import message, rcode, rrset
from dns.rdatatype import A

ADDRESS, NAME = sys.argv[1:]

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
    door.bind((ADDRESS, 53))
    while True:
        asked, sender = door.recvfrom(512)
        answer = message.make_response(message.from_wire(asked))
        (question,) = answer.question
        if str(question.name) != f"{NAME}.":
            answer.set_rcode(rcode.NXDOMAIN)
        elif question.rdtype == A:
            answer.answer.append(rrset.from_text(question.name, 60, "IN", "A", "127.0.0.1"))
        door.sendto(answer.to_wire(), sender)
