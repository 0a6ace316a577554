"""A private RabbitMQ node that may be killed; and the shared one, which may not."""

import os
import signal
import subprocess
import tempfile

from amqp_reader import Reader
from binary import SLOWER

_CTL_SECONDS = 120 * SLOWER  # rabbitmqctl starts a node of Erlang for each call
_SCRIPTS = os.path.join(os.path.dirname(__file__), "..", "broker")


def port_of(url):
    return int(url.rstrip("/").rsplit(":", 1)[1])


class Shared:
    """The node of the fixture `broker`, from ISO_TEST_AMQP."""

    def __init__(self):
        self.url = os.environ["ISO_TEST_AMQP"]
        self.port = port_of(self.url)
        self._ctl = os.environ["ISO_TEST_RABBITMQCTL"]

    def ctl(self, *arguments):
        done = subprocess.run([self._ctl, "-q", *arguments], capture_output=True, text=True, timeout=_CTL_SECONDS, check=True)
        return done.stdout

    def reader(self):
        return Reader(self.port)

    def arrived(self, queue):
        with self.reader() as reader:
            return [message_id for message_id, _ in reader.drain(queue)]


class Broker(Shared):
    """A node that may be killed: the one of the fixture `own_broker`, in ISO_TEST_OWN_BROKER, or else a new one.
    It is up at first, whatever the test before did to it."""

    def __init__(self):  # pylint: disable=super-init-not-called
        self._folder = None
        self.dir = os.environ.get("ISO_TEST_OWN_BROKER")
        if self.dir is None:
            self._folder = tempfile.TemporaryDirectory(prefix="iso-broker-")
            self.dir = self._folder.name
            self._start()
        elif not self._is_up():
            self._start("--again")
        self.port = self._read_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}/"
        self._ctl = os.path.join(self.dir, "rabbitmqctl")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._folder:
            subprocess.run([os.path.join(_SCRIPTS, "stop"), self.dir], timeout=60 * SLOWER, check=True)
            self._folder.cleanup()

    def _read_port(self):
        with open(os.path.join(self.dir, "ports"), encoding="ascii") as file:
            return int(file.read().split()[0].partition("=")[2])

    def _is_up(self):
        try:
            with Reader(self._read_port()):
                return True
        except (OSError, AssertionError):
            return False

    def _start(self, *again):
        done = subprocess.run(
            [os.path.join(_SCRIPTS, "start"), *again, self.dir], capture_output=True, text=True, timeout=120 * SLOWER, check=False
        )
        if done.returncode != 0:
            raise AssertionError(f"no broker: {done.stdout}{done.stderr}")

    def kill(self):
        """SIGKILL to the whole node, at once."""
        with open(os.path.join(self.dir, "leader"), encoding="ascii") as file:
            os.killpg(int(file.read()), signal.SIGKILL)

    def restart(self):
        """On the same port, with what it had on its disk. The port may answer before all of the node is up."""
        self._start("--again")
        self.ctl("await_startup")
