"""The command-line client as a person of its own profile."""

import json
import os
import subprocess

from people import PASSWORD

TIMEOUT_SECONDS = 120


class Martlet:
    def __init__(self, binary, server, home):
        self.binary = str(binary)
        self.environment = os.environ | {
            "MARTLET_SERVER": server.address,
            "MARTLET_CA": str(server.certificate),
            "MARTLET_HOME": str(home),
            "MARTLET_PASSWORD": PASSWORD,
        }

    def start(self, *arguments):
        return subprocess.Popen(
            [self.binary, *arguments], env=self.environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def finish(self, process):
        """Waits for success and returns the output as JSON."""
        out, err = process.communicate(timeout=TIMEOUT_SECONDS)
        assert process.returncode == 0, f"{process.args}: exit {process.returncode}\n{out}\n{err}"
        return json.loads(out)

    def run(self, *arguments, code=0):
        """Runs to the end, expects the exit code, returns (output, errors)."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=TIMEOUT_SECONDS)
        assert process.returncode == code, f"{arguments}: exit {process.returncode}\n{out}\n{err}"
        return out, err

    def json(self, *arguments):
        return json.loads(self.run(*arguments, "--json")[0])

    def activities(self):
        return self.json("history")["activities"]

    def track(self, activity_id):
        return self.json("show", activity_id, "--track")["samples"]
