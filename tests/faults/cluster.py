"""Three nodes of RabbitMQ that are one cluster, on ports of loopback. Each may be killed, frozen and started again."""

import os
import signal
import socket
import subprocess
import tempfile

from amqp_reader import Reader
from binary import SLOWER, wait_until

_RABBITMQ = "/usr/lib/rabbitmq/bin"
_NODES = 3
_START_SECONDS = 120
_HEAL_SECONDS = 20
_CTL_SECONDS = 120 * SLOWER


def _free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Node:
    def __init__(self, folder, name, port, environment):
        self.folder, self.name, self.port = folder, name, port
        self._environment = environment
        self._process = None

    def start(self):
        with open(os.path.join(self.folder, "out"), "ab") as out:
            self._process = subprocess.Popen(  # pylint: disable=consider-using-with
                [f"{_RABBITMQ}/rabbitmq-server"], env=self._environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip

    def is_up(self):
        try:
            with Reader(self.port):
                return True
        except (OSError, AssertionError):
            return False

    def signal(self, number):
        os.killpg(self._process.pid, number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self._process.wait()

    def is_running(self):
        return self._process is not None and self._process.poll() is None

    def ctl(self, *arguments):
        done = subprocess.run(
            [f"{_RABBITMQ}/rabbitmqctl", "-q", *arguments], env=self._environment, capture_output=True, text=True,
            timeout=_CTL_SECONDS, check=True,
        )  # fmt: skip
        return done.stdout


class Cluster:
    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="iso-cluster-")  # pylint: disable=consider-using-with
        epmd, *ports = _free_ports(1 + 2 * _NODES)
        self._epmd = epmd
        names = [f"iso{number}-{epmd}@localhost" for number in range(_NODES)]
        self.nodes = [
            self._node(name, names, epmd, port, distribution)
            for name, port, distribution in zip(names, ports[:_NODES], ports[_NODES:])
        ]
        self.url = "amqp://guest:guest@" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes) + "/"

    def _node(self, name, names, epmd, port, distribution):
        folder = os.path.join(self._folder.name, name.partition("-")[0])
        home = os.path.join(self._folder.name, "home")  # with the cookie of all
        os.makedirs(folder)
        os.makedirs(home, exist_ok=True)
        config = [
            f"listeners.tcp.1 = 127.0.0.1:{port}",
            "cluster_formation.peer_discovery_backend = classic_config",
            *(f"cluster_formation.classic_config.nodes.{number + 1} = {one}" for number, one in enumerate(names)),
            "cluster_partition_handling = pause_minority",
            "net_ticktime = 5",
            "log.console = false",
            "disk_free_limit.absolute = 50MB",
        ]
        with open(os.path.join(folder, "rabbitmq.conf"), "w", encoding="ascii") as file:
            file.write("\n".join(config) + "\n")
        with open(os.path.join(folder, "plugins"), "w", encoding="ascii") as file:
            file.write("[].\n")
        return Node(folder, name, port, {
            "PATH": os.environ["PATH"], "HOME": home, "LC_ALL": "C.UTF-8",
            "RABBITMQ_NODENAME": name, "RABBITMQ_MNESIA_BASE": folder + "/mnesia", "RABBITMQ_LOG_BASE": folder + "/log",
            "RABBITMQ_CONFIG_FILE": folder + "/rabbitmq.conf", "RABBITMQ_PID_FILE": folder + "/pid",
            "RABBITMQ_ENABLED_PLUGINS_FILE": folder + "/plugins", "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_DIST_PORT": str(distribution), "ERL_EPMD_PORT": str(epmd), "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_RELAXED_COMMAND_CHECK": "1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1",
        })  # fmt: skip

    def __enter__(self):
        try:
            for node in self.nodes:
                node.start()
            self.await_all()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            if node.is_running():
                node.kill()
        subprocess.run(["epmd", "-port", str(self._epmd), "-kill"], capture_output=True, timeout=30, check=False)
        self._folder.cleanup()

    def await_all(self, of_its_own_accord=None):
        """Until each is up and sees all others. A node that does not come back of its own accord, since the others had
        given it up and it does not know, is started again, as its operator would."""
        if of_its_own_accord:
            try:
                return self._await_all(_HEAL_SECONDS)
            except AssertionError:
                of_its_own_accord.kill()
                of_its_own_accord.start()
        return self._await_all(_START_SECONDS)

    def _await_all(self, seconds):
        for node in self.nodes:
            wait_until(node.is_up, seconds=seconds, name=f"{node.name} on its port")
        running = lambda: self.nodes[0].ctl("cluster_status").partition("Running Nodes")[2].partition("Versions")[0]
        wait_until(lambda: all(node.name in running() for node in self.nodes), seconds=seconds, name="a whole cluster")

    def leader(self, queue):
        """The node of the queue's leader, as one that runs says."""
        for line in self.nodes_that_run()[0].ctl("list_queues", "name", "leader").splitlines():
            name, _, leader = line.partition("\t")
            if name == queue:
                return next(node for node in self.nodes if node.name == leader)
        raise AssertionError(f"no queue {queue}")

    def nodes_that_run(self):
        return [node for node in self.nodes if node.is_up()]

    def restart(self, node):
        node.start()
        self.await_all()
