# Lắng Nghe. Two commands are enough: `make up` to see it run, `make test` to prove it.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STRICT ?=
ARGS ?=

.PHONY: help up down status logs clean setup test check contracts lock

help: ## Trang này (this page)
	@echo 'Lắng Nghe — các lệnh:'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: setup ## Chạy cả hệ thống trên máy này, với dữ liệu bịa (start everything, with invented data)
	@$(BIN)/langnghe up

down: ## Dừng hết, giữ dữ liệu (stop everything, keep the data)
	@if [ -x $(BIN)/langnghe ]; then $(BIN)/langnghe down; fi

status: setup ## Phần nào đang chạy, ở địa chỉ nào (what runs, and where)
	@$(BIN)/langnghe status

logs: setup ## Xem nhật ký của các phần (follow the logs)
	@$(BIN)/langnghe logs $(ARGS)

clean: ## Dừng hết và quên dữ liệu (stop everything, forget the data)
	@if [ -x $(BIN)/langnghe ]; then $(BIN)/langnghe clean; fi

test: setup ## Chạy mọi phép thử trên Kafka và MongoDB thật (all tests; STRICT=1: a missing Debian part fails)
	@STRICT=$(STRICT) $(BIN)/pytest $(ARGS)

check: setup ## Kiểm tra mã: lint, kiểu, luật import, hợp đồng (lint, types, imports, contract drift)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m shared.contracts.generate --check
	@$(BIN)/python -m deploy.grafana.journey --check

contracts: setup ## Sinh lại JSON Schema, AsyncAPI, bảng Grafana (generate schemas and dashboard from the code)
	@$(BIN)/python -m shared.contracts.generate
	@$(BIN)/python -m deploy.grafana.journey

lock: setup ## Ghi lại hai tệp khóa gói (renew the two lock files)
	@$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --upgrade --generate-hashes \
	  --no-annotate --no-emit-index-url --custom-compile-command 'make lock' --quiet -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml deploy/requirements-server.in -c requirements.lock --universal --python-version 3.11 \
	  --generate-hashes --only-binary :all: --no-annotate --no-emit-index-url --custom-compile-command 'make lock' --quiet \
	  -o requirements-server.lock

setup: $(VENV)/.installed $(VENV)/.kafka ## Chuẩn bị môi trường, không chạy gì (the environment alone)
	@:

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo 'Cần Python từ 3.11; chỉ ra bằng: make PYTHON=python3.12 … (Python 3.11 or newer is needed)' >&2; exit 1; }
	@echo '• Môi trường Python (.venv)'
	@$(PYTHON) -m venv $(VENV) || { \
	  echo 'Không tạo được .venv; trên Debian/Ubuntu: apt install python3-venv (python3-venv is needed)' >&2; exit 1; }
	@touch $@

# The lock holds uv itself: pip fetches that one package, checked by its hashes, and uv the rest.
$(VENV)/.packages: requirements.lock | $(VENV)/.made
	@echo '• Các gói Python (requirements.lock)'
	@awk '/^uv==/ {on=1} on {print; if (!/\\$$/) exit}' requirements.lock > $(VENV)/uv.txt
	@[ -x $(BIN)/uv ] || $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@touch $@

$(VENV)/.installed: $(VENV)/.packages pyproject.toml
	@$(BIN)/uv pip install --quiet --offline --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.kafka: jgo.toml $(VENV)/.packages
	@echo '• Apache Kafka (.jgo)'
	@$(BIN)/jgo sync > $(VENV)/kafka.log 2>&1 || { cat $(VENV)/kafka.log >&2; exit 1; }
	@touch $@
