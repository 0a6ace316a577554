"""TLS: a line that is cut, during the handshake or later, certificates that are no good, and ports without TLS."""

import contextlib
import os
import socket
import ssl
import subprocess
import threading

from binary import SOAK, ids, records, run
from broker import port_of
from line import LineTest
from proxy import DOWN, UP

UNREACHABLE = 69
WINDOW = 5


class Encrypted(LineTest):
    def setUp(self):
        super().setUp()
        self.proxy = self.new_proxy(port_of(os.environ["ISO_TEST_AMQPS"]))

    def secure_url(self, port, authority):
        return f"amqps://guest:guest@localhost:{port}/?cacertfile={authority}"

    def test_a_cut_of_an_encrypted_line_is_mended_and_during_its_handshake_is_exit_69(self):
        names = ids(20)
        command = self.publish("--window", WINDOW, url=self.secure_url(self.proxy.port, os.environ["ISO_TEST_CA"]))
        clean = run(*command, stdin=records(names), cwd=self.dir)
        self.assertEqual(clean.status, 0, clean.stderr)
        self.broker.arrived(self.queue)
        sizes, ends = {way: self.proxy.passed(way) for way in (UP, DOWN)}, []
        for way, size in sizes.items():
            step = 100 if SOAK else size // 5
            for cut in range(self.random.randrange(100), size, step):
                self.proxy.heal()
                self.proxy.set(cut_after={way: cut}, reset=self.random.random() < 0.5)
                iso = run(*command, stdin=records(names), cwd=self.dir)
                ends.append(iso.status)
                with self.subTest(way=way, cut=cut, stderr=iso.stderr), contextlib.redirect_stdout(None):
                    if iso.status == UNREACHABLE:
                        self.assertIn(f"cannot reach the broker: localhost:{self.proxy.port}", iso.stderr)
                        self.assertEqual((iso.out, self.broker.arrived(self.queue)), (b"", []))
                        continue
                    self.assertEqual(iso.status, 0)
                    self.assertEqual(len(self.account(names, iso, duplicates=WINDOW).accepted), len(names))
        self.assertEqual(set(ends), {0, UNREACHABLE})

    def test_a_certificate_that_is_no_good_is_exit_69_and_what_is_wrong_is_named(self):
        for made, name, authority, words in (
            ("-1d", "localhost", "server.pem", "closed the connection"),  # a good one: its server hangs up
            ("-60d", "localhost", "server.pem", "has expired"),
            ("+60d", "localhost", "server.pem", "is not valid yet"),
            ("-1d", "elsewhere", "server.pem", "is not for the name localhost"),
            ("-1d", "localhost", os.environ["ISO_TEST_CA"], "unknown authority"),
        ):
            subprocess.run(
                ["faketime", "-f", made, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                 "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", "key.pem",
                 "-out", "server.pem"],
                cwd=self.dir, capture_output=True, timeout=60, check=True,
            )  # fmt: skip
            with self.subTest(words=words), self.secure_server("server.pem", "key.pem") as port:
                url = self.secure_url(port, self.path(authority))
                iso = run(*self.publish(url=url), stdin=records(ids(1)), cwd=self.dir)
                self.assertEqual((iso.status, iso.out), (UNREACHABLE, b""), iso.stderr)
                self.assertIn(words, iso.stderr)

    def test_a_port_that_is_spoken_to_in_the_wrong_way_is_exit_69_with_advice(self):
        plain, secure = self.broker.port, port_of(os.environ["ISO_TEST_AMQPS"])
        for url, words in (
            (self.secure_url(plain, os.environ["ISO_TEST_CA"]), "does not speak TLS: try amqp://"),
            (f"amqp://localhost:{secure}/", "try amqps://"),
        ):
            with self.subTest(url=url):
                iso = run(*self.publish(url=url), stdin=records(ids(1)), cwd=self.dir)
                self.assertEqual((iso.status, iso.out), (UNREACHABLE, b""), iso.stderr)
                self.assertIn(words, iso.stderr)

    @contextlib.contextmanager
    def secure_server(self, certificate, key):
        """Begins TLS, and hangs up at the first word."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path(certificate), self.path(key))

        def serve(listener):
            with contextlib.suppress(OSError):
                client, _ = listener.accept()
                with client, context.wrap_socket(client, server_side=True) as encrypted:
                    encrypted.recv(1)

        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=serve, args=(listener,), daemon=True).start()
            yield listener.getsockname()[1]
