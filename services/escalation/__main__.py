"""`python -m services.escalation`"""

from services.escalation.app import run

if __name__ == "__main__":
    run()
