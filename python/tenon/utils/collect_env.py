"""What to say about a machine in a report."""

import platform
import sys

from .. import _core


def get_pretty_env_info():
    """Versions and the machine, as text."""
    lines = [f"Tenon version: {_core.__version__}",
             f"Python version: {platform.python_version()} ({platform.architecture()[0]} runtime)",
             f"Python platform: {platform.platform()}", f"CPU: {platform.processor() or 'unknown'}",
             f"Threads: {_core.get_num_threads()}", "Is CUDA available: False"]
    if "numpy" in sys.modules:
        lines.append(f"numpy: {sys.modules['numpy'].__version__}")
    return "\n".join(lines)


def main():
    """Prints it."""
    print(get_pretty_env_info())


if __name__ == "__main__":
    main()
