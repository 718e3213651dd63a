"""`python -m services.notification`"""

from services.notification.app import run

if __name__ == "__main__":
    run()
