"""A terminal obeys what is printed on it: no text from outside gets there as it is, and none forges a line of iso's."""

import contextlib
import http.server
import json
import re
import socketserver
import sqlite3
import struct
import threading

from binary import FaultTest, run

# What writes the clipboard, clears the screen, turns text around, or begins a line of its own.
EVIL = "\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b31m\u202e\u2066\x7f"
FORGED = EVIL + "\niso publish: all is well\r"
# In JSON, which is for programs, only what JSON itself forbids is escaped.
IN_JSON = re.compile("[\x00-\x08\x0b-\x1f]")
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Broker(socketserver.StreamRequestHandler):
    """Speaks AMQP 0-9-1 up to the login, which it refuses in its own words."""

    def frame(self, payload):
        self.wfile.write(struct.pack(">BHI", 1, 0, len(payload)) + payload + b"\xce")

    def handle(self):
        with contextlib.suppress(OSError):
            self.rfile.read(8)
            name = FORGED.encode()
            table = b"\x07product" + b"S" + struct.pack(">I", len(name)) + name
            start = struct.pack(">HHBB", 10, 10, 0, 9) + struct.pack(">I", len(table)) + table
            for text in (b"PLAIN", b"en_US"):
                start += struct.pack(">I", len(text)) + text
            self.frame(start)
            self.rfile.read(1)
            text = EVIL.encode()
            self.frame(struct.pack(">HHHB", 10, 50, 530, len(text)) + text + struct.pack(">HH", 0, 0))
            self.rfile.read()


class Redis(socketserver.StreamRequestHandler):
    def handle(self):
        with contextlib.suppress(OSError):
            self.rfile.readline()
            self.wfile.write(b"-ERR " + EVIL.encode() + b"\r\n")
            self.rfile.read()


class Origin(http.server.BaseHTTPRequestHandler):
    """/PATH answers in the manner PATH."""

    def do_GET(self):
        manner = self.path.split("?")[0].rsplit("/", 1)[-1]
        problem = json.dumps({"type": FORGED, "title": FORGED, "detail": FORGED, "message": FORGED}, ensure_ascii=False).encode()
        head = {
            "moved": (302, "Found", [("Location", f"gopher://{EVIL}")]),
            "away": (302, "Found", [("Location", f"http://a@{EVIL}:b/")]),
            "problem": (404, "Not Found", [("Content-Type", "application/problem+json")]),
            "reason": (404, f"Gone {EVIL}", []),
            "fields": (404, "Gone", [("Retry-After", EVIL), ("ETag", EVIL), ("Content-Type", EVIL), ("Link", f"<{EVIL}>; rel=next")]),
            "ranged": (206, "Partial", [("Content-Range", EVIL)]),
            "coded": (200, "OK", [("Content-Encoding", EVIL)]),
        }.get(manner, (403, "Forbidden", []))
        status, reason, fields = head
        text = f"HTTP/1.1 {status} {reason}\r\nContent-Length: {len(problem)}\r\n"
        text += "".join(f"{name}: {value}\r\n" for name, value in fields)
        self.wfile.write(text.encode() + b"\r\n" + problem)
        self.close_connection = True

    do_POST = do_GET

    def log_message(self, *_):
        pass


class Escapes(FaultTest):
    def serve(self, handler):
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server.server_address[1]

    def check(self, *arguments, statuses, stdin=b"", for_people=False, **more):
        """iso says something, all of it in its own lines, and nothing that is obeyed."""
        done = run(*arguments, cwd=self.dir, stdin=stdin, environment={"LC_ALL": "C.UTF-8", **more})
        with self.subTest(arguments=arguments, status=done.status, stderr=done.stderr):
            self.assertIn(done.status, statuses)
            self.assertNotRegex(done.stderr, OBEYED)
            self.assertNotRegex(done.out.decode(errors="surrogateescape"), OBEYED if for_people else IN_JSON)
            for line in done.stderr.splitlines():
                self.assertNotIn(line, ("iso publish: all is well",))
                self.assertRegex(line, r"^(iso|  )")
            self.assertTrue(done.err or done.out)
        return done

    def test_nothing_that_a_broker_says_is_obeyed(self):
        url = f"amqp://127.0.0.1:{self.serve(Broker)}"
        self.check("publish", "-v", "-u", url, "--routing-key", "q", "--body", "1", "--timeout", "5s", statuses={69, 75, 77})
        self.check("listen", "q", "-v", "-u", url, "--timeout", "5s", statuses={69, 75, 77})

    def test_nothing_that_an_origin_or_a_registry_says_is_obeyed(self):
        origin, redis = self.serve(Origin), self.serve(Redis)
        for manner in ("moved", "away", "problem", "reason", "fields", "ranged", "coded"):
            url = f"http://127.0.0.1:{origin}/{manner}"
            more = {"statuses": {0, 1, 65, 66, 69, 74, 75}}
            self.check("fetch", "-v", "--no-cache", "--out", "records", "--retries", "0", url, **more)
            self.check("fetch", "-v", "--all-pages", "--out", "records", "--retries", "0", "--cache", "c.db", url, **more)
            self.check("reconcile", "-v", url, url, statuses={0, 1, 65, 66, 69, 74, 75})
        self.check("fetch", "--no-cache", "--registry", f"etcd+http://127.0.0.1:{origin}/problem", "http+etcd://shop/x",
                   "--retries", "0", statuses={64, 69, 74, 75, 77})
        self.check("fetch", "--no-cache", "--registry", f"redis://127.0.0.1:{redis}", "http+redis://shop/x",
                   "--retries", "0", statuses={69, 74, 75, 77})

    def test_nothing_that_a_message_says_is_obeyed(self):
        record = {"message_id": FORGED, "correlation_id": FORGED, "routing_key": "q", "type": FORGED, "app_id": FORGED,
                  "headers": {FORGED: FORGED}, "reply_to": FORGED, "body": {FORGED: FORGED}}
        lines = (json.dumps(record) + "\n").encode()
        store = ("-u", "sqlite:a.db")
        self.check("publish", "-v", *store, "--queue", "q", "--in", "records", stdin=lines, statuses={0})
        self.check("publish", "-v", *store, "--exchange", "", "--routing-key", FORGED, "--body", "1", statuses={1, 66})
        self.check("listen", "q", *store, "--peek", "-v", statuses={0, 1})
        self.check("listen", "q", *store, "--drain", "-v", "--exec", "sh -c 'exit 75'", "--count", "1", "--timeout", "1s", statuses={0, 1, 75})
        with open(self.path("answer"), "w") as file:
            json.dump({"id": 1, "status": "rejected", "reason": FORGED}, file, ensure_ascii=False)
            file.write("\n")
        self.check("listen", "q", *store, "--drain", "-v", "--coprocess", "sh -c 'read line; cat answer'", "--timeout", "2s",
                   statuses={0, 1, 65, 66, 69, 70, 74, 75})
        self.check("publish", "-v", *store, "--queue", "q", "--in", "records", stdin=lines, statuses={0})
        self.check("listen", "q", *store, "--drain", "-v", "--exec", "false", statuses={0, 1})
        for name, body in (("left", 1), ("right", 2)):
            with open(self.path(name), "w") as file:
                file.write(json.dumps({**record, "body": {"a": body, "b": FORGED}}) + "\n")
        for form in ("table", "records", "summary"):
            self.check("reconcile", "-v", "left", "right", "--key", "/message_id", "--out", form, for_people=form != "records", statuses={1})

    def test_nothing_in_a_file_or_an_argument_is_obeyed(self):
        with open(self.path("settings"), "w") as file:
            json.dump({FORGED: 1, "exchange": ""}, file, ensure_ascii=False)
        with open(self.path("broken"), "w") as file:
            file.write('{"exchange": "' + EVIL)
        self.check("publish", "settings", "-u", "sqlite:a.db", "--body", "1", statuses={64, 65, 78})
        self.check("publish", "broken", "-u", "sqlite:a.db", "--body", "1", statuses={64, 65, 78})
        self.check("publish", "--in", "records", "-u", "sqlite:a.db", "--queue", "q", stdin=b'{"' + EVIL.encode(), statuses={65})
        for arguments in ((FORGED,), ("publish", FORGED), ("publish", f"--{EVIL}"), ("listen", "-u", f"x{FORGED}://a"),
                          ("listen", FORGED, "-u", "sqlite:a.db"), ("fetch", FORGED), ("reconcile", FORGED, FORGED),
                          ("listen", "q", "--count", FORGED), ("publish", "--context", EVIL), ("listen", "q", "--timeout", FORGED),
                          ("publish", "--header", FORGED, "--body", "1"), ("listen", "q", "-u", f"sqlite:{EVIL}/a.db"),
                          ("help", FORGED), ("fetch", "--header", FORGED, "http://127.0.0.1:1/")):
            self.check(*arguments, statuses={64, 65, 66, 69, 73, 74, 78})
        self.check("listen", "q", statuses={64}, ISO_COUNT=FORGED)

    def test_nothing_in_a_store_is_obeyed(self):
        self.check("publish", "-v", "-u", "sqlite:a.db", "--queue", "q", "--body", "1", statuses={0})
        with contextlib.closing(sqlite3.connect(self.path("a.db"))) as database:
            database.execute("UPDATE iso_messages SET properties = ?, routing_key = ?, message_id = ?", (FORGED, FORGED, FORGED))
            database.commit()
        self.check("listen", "q", "-v", "-u", "sqlite:a.db", "--drain", statuses={0, 1, 74})
