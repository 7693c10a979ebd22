"""driver.py: drives the program by accessible names and the keyboard, as a person with a screen reader would."""
import os
import signal
import subprocess
import time

import pyatspi

POLL = 0.05


class Missing(Exception):
    """Nothing of that role and name came in time."""


class Program:
    def __init__(self, *arguments):
        command = [os.path.join(os.environ["ESP_BUILD_ROOT"], "app", "espalier"), *arguments]
        self.log = open(os.path.join(os.environ["HOME"], "program.log"), "w+")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        subprocess.run(["xdotool", "mousemove", "1279", "799"], check=True)  # out of the way: a list that scrolls under it takes the row it meets

    # Finding

    def nodes(self, node=None, depth=0):
        if node is None:
            for application in pyatspi.Registry.getDesktop(0):
                if application is not None and application.get_process_id() == self.process.pid:
                    yield from self.nodes(application)
            return
        yield node
        if depth > 60:
            return
        try:
            count = min(node.childCount, 500)
        except Exception:  # it went away, with all that is in it
            return
        for i in range(count):
            try:
                child = node.getChildAtIndex(i)
            except Exception:  # it went away between the count and the look
                continue
            if child is not None:
                yield from self.nodes(child, depth + 1)

    def matches(self, role, start):
        for node in self.nodes():
            try:
                fits = role is None or node.getRoleName() in (role, f"push {role}")
                if fits and node.name.startswith(start):
                    yield node
            except Exception:
                continue

    def find(self, role, start, seconds=20, showing=False):
        end = time.time() + seconds
        while time.time() < end:
            assert self.process.poll() is None, f"the program ended with {self.process.returncode}\n{self.output()}"
            for node in self.matches(role, start):
                if not showing or node.getState().contains(pyatspi.STATE_SHOWING):
                    return node
            time.sleep(POLL)
        print(self.tree(), flush=True)
        raise Missing(f"no {role} named {start!r}…")

    def wait(self, role, start, condition, seconds=60):
        """The first such node for which condition(node) holds."""
        end = time.time() + seconds
        node = None
        while time.time() < end:
            node = self.find(role, start, max(1, end - time.time()))
            if condition(node):
                return node
            time.sleep(POLL)
        raise Missing(f"{role} {start!r} stayed {node.name!r} ({node.description!r})")

    def rows(self, listing):
        node = self.find("list", listing)
        return [child for child in self.nodes(node) if child.getRoleName() in ("list item", "table cell")]

    # Acting

    def press(self, role, start):
        self.find(role, start).queryAction().doAction(0)

    def set(self, start, value):
        self.find("slider", start).queryValue().currentValue = value

    def value(self, start):
        return self.find("slider", start).queryValue().currentValue

    def take_keyboard(self):
        """Without a window manager nobody gives the window the keyboard."""
        windows = subprocess.run(["xdotool", "search", "--onlyvisible", "--pid", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        if windows:
            subprocess.run(["xdotool", "windowfocus", windows[-1]], check=False)
            time.sleep(.2)

    def has_focus(self, node):
        return any(child.getState().contains(pyatspi.STATE_FOCUSED) for child in self.nodes(node))

    def tab_to(self, role, start, most=80):
        """Moves the keyboard's focus by Tab until it is on or in that object."""
        self.take_keyboard()
        node = self.find(role, start)
        for _ in range(most):
            if self.has_focus(node):
                return node
            self.key("Tab")
        raise Missing(f"Tab never came to {role} {start!r}; the focus is on {self.focused()}")

    def focused(self):
        return [f"{node.getRoleName()} {node.name!r}" for node in self.nodes() if node.getState().contains(pyatspi.STATE_FOCUSED)]

    def place(self, node):
        box = node.queryComponent().getExtents(pyatspi.WINDOW_COORDS)
        return box.x, box.y, box.width, box.height

    @staticmethod
    def key(*keys):
        subprocess.run(["xdotool", "key", "--delay", "60", *keys], check=True)
        time.sleep(.15)

    @staticmethod
    def type(text):
        subprocess.run(["xdotool", "type", "--delay", "30", text], check=True)

    @staticmethod
    def drop(x1, y1, x2, y2):
        subprocess.run(["xdotool", "mousemove", str(x1), str(y1), "mousedown", "1"], check=True)
        for k in range(1, 13):
            subprocess.run(["xdotool", "mousemove", str(x1 + (x2 - x1) * k // 12), str(y1 + (y2 - y1) * k // 12)], check=True)
            time.sleep(.02)
        subprocess.run(["xdotool", "mouseup", "1"], check=True)

    @staticmethod
    def shot(name):
        folder = os.environ.get("ESP_SHOTS")
        if folder:
            subprocess.run(["import", "-window", "root", os.path.join(folder, name)], check=True)

    # Reporting and ending

    def tree(self):
        return "\n".join(f"{node.getRoleName()} {node.name!r}" for node in self.nodes())

    def output(self):
        self.log.flush()
        self.log.seek(0)
        return self.log.read()

    def end(self, but=None):
        """Ends the program politely; it must go without a complaint but those that hold that text."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise
        complaints = [line for line in self.output().splitlines() if "CRITICAL" in line or "Gtk-WARNING" in line or "Sanitizer" in line]
        complaints = [line for line in complaints if but is None or but not in line]
        assert not complaints, "\n".join(complaints)
