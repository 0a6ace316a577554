"""forward.py PORT HOST:PORT: passes connections to a port of loopback on to another, until it is killed."""

import socket
import sys
import threading


def pass_on(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


host, port = sys.argv[2].rsplit(":", 1)
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    line, _ = server.accept()
    far = socket.create_connection((host, int(port)))
    for pair in ((line, far), (far, line)):
        threading.Thread(target=pass_on, args=pair, daemon=True).start()
