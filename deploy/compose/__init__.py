"""What docker-compose.yml and its operator run inside the image and beside it."""
