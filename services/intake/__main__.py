"""`python -m services.intake`"""

from services.intake.app import run

if __name__ == "__main__":
    run()
