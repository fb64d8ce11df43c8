"""A headless Chromium to click in, driven over a pipe: no port, no driver, no package."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PROGRAM = next(filter(None, map(shutil.which, NAMES)), None)
# The protocol reads file descriptor 3 and writes 4, which may be taken: copy first, then place.
LAUNCH = """
import os, sys
ends = [os.dup2(int(end), 100 + i) for i, end in enumerate(sys.argv[1:3])]
for i, end in enumerate(ends):
    os.dup2(end, 3 + i)
os.execvp(sys.argv[3], sys.argv[3:])
"""


class Page:
    """One tab. Commands are those of the Chrome DevTools Protocol."""

    def __init__(self, receive, send):
        self.receive, self.send = receive, send
        self.number, self.session, self.rest = 0, None, b""
        self.complaints = []  # what the console says, and what fails to load
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.send.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]

    def read(self):
        while b"\0" not in self.rest:
            block = self.receive.read(1 << 16)
            assert block, "Chromium has gone"
            self.rest += block
        line, _, self.rest = self.rest.partition(b"\0")
        message = json.loads(line)
        params = message.get("params", {})
        match message.get("method"):
            case "Runtime.exceptionThrown":
                self.complaints.append(str(params["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "warning", "assert"):
                self.complaints.append(str(params["args"]))
            case "Log.entryAdded" if params["entry"]["level"] in ("error", "warning"):
                self.complaints.append(params["entry"]["text"])
            case "Network.requestWillBeSent":
                url = params["request"]["url"]
                if not url.startswith(("file:", "data:", "about:")):
                    self.complaints.append(f"asks the network for {url}")
        return message

    def open(self, path):
        self.call("Page.navigate", url=path.as_uri())
        self.wait("document.readyState === 'complete'")

    def run(self, script):
        """The value of a JavaScript expression; a promise is waited for."""
        found = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait(self, script, seconds=20):
        """Until the expression is true, as a slow machine may take its time."""
        end = time.monotonic() + seconds
        while not self.run(script):
            assert time.monotonic() < end, f"never true: {script}"
            time.sleep(0.02)

    def middle(self, node, across=0.5):
        """Where a node is on the screen, scrolled into view; `across` is from 0 to 1."""
        return self.run(
            f"(() => {{ const node = {node}; node.scrollIntoView({{block: 'center'}});"
            "const box = node.getBoundingClientRect();"
            f"return [box.left + {across} * box.width, box.top + box.height / 2]; }})()"
        )

    def mouse(self, kind, place):
        self.call(
            "Input.dispatchMouseEvent",
            type=f"mouse{kind}",
            x=place[0],
            y=place[1],
            button="left",
            buttons=int(kind != "Released"),
            clickCount=1,
        )

    def click(self, node, across=0.5):
        place = self.middle(node, across)
        self.mouse("Pressed", place)
        self.mouse("Released", place)

    def drag(self, node, start, end):
        self.mouse("Pressed", self.middle(node, start))
        for step in (0.5, 1):
            self.mouse("Moved", self.middle(node, start + step * (end - start)))
        self.mouse("Released", self.middle(node, end))

    def press(self, key, held=0):
        """Strike a key; `held` is the sum of 1 for alt, 2 for control and 8 for shift."""
        code = ord(key.upper()) if len(key) == 1 else {"Enter": 13, "Tab": 9}.get(key, 0)
        stroke = {"key": key, "windowsVirtualKeyCode": code, "modifiers": held}
        types = not held and (len(key) == 1 or key == "Enter")
        text = {"text": {"Enter": "\r"}.get(key, key)} if types else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", **stroke, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **stroke)


@contextlib.contextmanager
def browse():
    """Yield a `Page` of a new Chromium, and end that Chromium afterwards."""
    assert PROGRAM, "Chromium is missing: apt-get install chromium"
    theirs, ours = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [PROGRAM, "--headless", "--remote-debugging-pipe", f"--user-data-dir={profile}"]
        command += ["--no-first-run", "--disable-gpu", "about:blank"]
        if os.geteuid() == 0:
            command.append("--no-sandbox")  # root may not use it
        ends = (theirs[0], ours[1])
        process = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, *map(str, ends), *command],
            pass_fds=ends,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs[0])
        os.close(ours[1])
        with os.fdopen(theirs[1], "wb", 0) as send, os.fdopen(ours[0], "rb", 0) as receive:
            try:
                yield Page(receive, send)
            finally:
                process.terminate()
                process.wait()
