"""The command lines: one module each, behind ``tf-infomax <command>`` and ``launch/*.py``."""
