"""`python -m services.classification`"""

from services.classification.app import run

if __name__ == "__main__":
    run()
