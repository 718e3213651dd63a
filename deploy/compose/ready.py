"""The container's health: whether its service says that it is ready. `python -m deploy.compose.ready`."""

import os
import sys
from urllib.request import urlopen


def main() -> int:
    """0 when the service is ready, 1 when it waits for something or does not answer."""
    address = f"http://127.0.0.1:{os.environ['LANGNGHE_HTTP_PORT']}/health/ready"
    try:
        with urlopen(address, timeout=4) as answer:
            return int(answer.status != 200)
    except OSError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
