#!/usr/bin/env python3
"""origin.py FOLDER: an HTTP origin on loopback whose answers are files, sent byte for byte.

Prints its port. A request for /NAME is written to FOLDER/NAME/requests, and its Nth answer is FOLDER/NAME/N, or the
last there is. In an answer's head a line break is sent as CR LF and {now}, {now-60}, {now+60} are dates; lines
before it that start with # say how it is sent:
  #delay S   only after S seconds        #stall     and then nothing more, the line stays open
  #close     and then the line is closed #wait FILE only once FOLDER/FILE is there
"""
import email.utils
import pathlib
import re
import socketserver
import sys
import threading
import time

folder = pathlib.Path(sys.argv[1])
lock = threading.Lock()
counts: dict[str, int] = {}


def next_answer(name: str, head: bytes) -> tuple[list[str], bytes]:
    with lock:
        counts[name] = counts.get(name, 0) + 1
        with open(folder / name / "requests", "ab") as requests:
            requests.write(head)
        files = sorted((int(f.name) for f in (folder / name).iterdir() if f.name.isdigit()))
    number = max((n for n in files if n <= counts[name]), default=files[0])
    text = (folder / name / str(number)).read_bytes()
    ways = []
    while text.startswith(b"#"):
        way, text = text.split(b"\n", 1)
        ways.append(way.decode())
    return ways, dated(text)


def dated(answer: bytes) -> bytes:
    head, blank, body = answer.partition(b"\n\n")

    def date(match: re.Match) -> bytes:
        return email.utils.formatdate(time.time() + float(match[1] or 0), usegmt=True).encode()

    head = re.sub(rb"\{now([+-]\d+)?\}", date, head)
    return head.replace(b"\n", b"\r\n") + (b"\r\n\r\n" if blank else b"") + body


def is_delimited(answer: bytes) -> bool:
    head = answer.partition(b"\r\n\r\n")[0].lower()
    return b"content-length:" in head or b"chunked" in head or re.match(rb"http/1.1 (204|304)", head) is not None


class Line(socketserver.BaseRequestHandler):
    def handle(self):
        buffer = b""
        while True:
            while b"\r\n\r\n" not in buffer:
                more = self.request.recv(65536)
                if not more:
                    return
                buffer += more
            head, _, buffer = buffer.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            while length and len(buffer) < int(length[1]):
                buffer += self.request.recv(65536)
            buffer = buffer[int(length[1]) if length else 0:]
            path = re.sub("^http://[^/]*", "", head.split(b" ")[1].decode())  # a proxy is asked for all of a URL
            name = path.lstrip("/").split("?")[0]
            ways, answer = next_answer(name, head + b"\r\n\r\n")
            for way in ways:
                if way.startswith("#delay"):
                    time.sleep(float(way.split()[1]))
                if way.startswith("#wait"):
                    while not (folder / way.split()[1]).exists():
                        time.sleep(0.01)
            self.request.sendall(answer)
            if "#stall" in ways:
                threading.Event().wait()
            if "#close" in ways or not is_delimited(answer):
                return


class Origin(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request, client_address):  # the other side has left
        pass


with Origin(("127.0.0.1", 0), Line) as origin:
    print(origin.server_address[1], flush=True)
    origin.serve_forever()
