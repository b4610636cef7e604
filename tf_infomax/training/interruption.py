"""Signals that ask a process to end: noticed at once, obeyed after the step."""

import contextlib
import os
import signal
import threading

__all__ = ["Interrupted", "Interruption", "current"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_END = 0


class Interrupted(KeyboardInterrupt):
    """Raised within ``Interruption.breakable``, and by a second Ctrl-C anywhere."""


class Interruption:
    """Catches SIGINT (Ctrl-C), SIGTERM and SIGHUP while its context is entered.

    A signal that the process ignored before (as under ``nohup``) stays ignored. Outside the main
    thread, where Python cannot catch signals, nothing is caught.

    Attributes:
        signal: number of the first signal, or ``None``.
    """

    def __init__(self):
        self.signal = None
        self._told = []
        # Python may call a handler while the same thread holds the lock.
        self._lock = threading.RLock()
        self._is_breakable = False
        self._is_handled = False
        self._exit = contextlib.ExitStack()

    def __enter__(self):
        _ENTERED.append(self)
        self._exit.callback(_ENTERED.remove, self)
        if threading.current_thread() is threading.main_thread():
            self._catch()
        return self

    def __exit__(self, *exception):
        self._exit.close()

    @property
    def exit_code(self):
        """128 and the number of the signal, as shells have it; ``None`` without a signal."""
        return None if self.signal is None else 128 + self.signal

    @contextlib.contextmanager
    def telling(self, callback):
        """Calls ``callback()`` on the first signal, from another thread; at once after one."""
        with self._lock:
            self._told.append(callback)
            is_late = self.signal is not None
        if is_late:
            callback()
        try:
            yield
        finally:
            with self._lock:
                self._told.remove(callback)

    @contextlib.contextmanager
    def breakable(self):
        """Work that can be done again: a signal ends it by ``Interrupted``."""
        if self.signal is not None:
            raise Interrupted
        self._is_breakable = True
        try:
            yield
        except Exception as error:
            # C code that calls Python turns what the handler raises into errors of its own.
            if self.signal is not None:
                raise Interrupted from error
            raise
        finally:
            self._is_breakable = False

    def _catch(self):
        read, write = os.pipe()
        os.set_blocking(write, False)
        # Handlers in Python wait until TensorFlow returns; a byte in a pipe does not.
        listener = threading.Thread(target=self._listen, args=(read,), daemon=True)
        listener.start()
        self._exit.callback(os.close, write)
        self._exit.callback(os.close, read)
        self._exit.callback(listener.join)
        self._exit.callback(os.write, write, bytes([_END]))
        before = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        self._exit.callback(signal.set_wakeup_fd, before, warn_on_full_buffer=False)
        for number in _SIGNALS:
            handler = signal.getsignal(number)
            if handler is not None and handler != signal.SIG_IGN:
                signal.signal(number, self._handle)
                self._exit.callback(signal.signal, number, handler)

    def _listen(self, read):
        while True:
            (number,) = os.read(read, 1)
            if number == _END:
                return
            if number in _SIGNALS:
                self.note(number)

    def note(self, number):
        """As if the signal had come; the first one counts."""
        with self._lock:
            if self.signal is not None:
                return
            self.signal = number
            told = list(self._told)
        for callback in told:
            callback()

    def _handle(self, number, frame):
        del frame
        self.note(number)
        is_second = self._is_handled and number == signal.SIGINT
        self._is_handled = True
        if self._is_breakable or is_second:
            raise Interrupted


# Signals belong to the whole process, and so does what listens to them.
_ENTERED: list = []


def current():
    """The ``Interruption`` whose context was entered last; outside of all, one without signals."""
    return _ENTERED[-1] if _ENTERED else Interruption()
