# The two commands of the README, and the pieces they are made of.
#
#   make run     build and serve langdu with its demo pages on http://127.0.0.1:8080/demo/
#   make test    set up what the tests need, then pass every test

LISTEN ?= 127.0.0.1:8080

.PHONY: run build test setup test-rust test-browser clients speak gold listen load abuse lint shots

run: build
	./tools/demo.sh $(LISTEN)

build:
	cargo build --release --locked

test: setup test-rust test-browser

# Browser, Node and fonts, where they are missing. Nothing but the tests needs them.
setup:
	./tools/setup-tests.sh

test-rust:
	cargo test --locked --workspace

test-browser:
	cargo build --locked --bin langdu --example hum
	npm test

# The clients that exist, unchanged, against the service with its voice.
clients:
	./tools/setup-tests.sh
	cargo build --locked --bin langdu --example hum
	./tools/clients/openai_test.sh

# `langdu speak` with its features, against a real speech-dispatcher and ALSA without a card.
speak:
	./tools/setup-tests.sh speak
	cargo clippy --locked --all-targets --features speechd,soundcard -- -D warnings
	cargo test --locked --features speechd,soundcard --test speak

# Figures of the reading front end against the gold files, with the floors that must hold.
gold:
	cargo build --locked
	./tools/gold.sh

# Is the speech understood? Pinyin error rate of the default voice.
listen:
	cargo build --release --locked
	./tools/listen.sh

# Cached clips beside nginx, and while far too much is asked for: short, with loose floors. Needs nginx and wrk.
load:
	./tools/setup-tests.sh load
	cargo build --release --locked --bin langdu --example hum
	python3 tools/load/nginx.py --seconds 1 --rounds 3 --connections 16 --floor 0.4
	python3 tools/load/overload.py --seconds 10 --connections 16 --floor
	python3 tools/load/soak.py --minutes 2 --hum --disk 16

# What schemathesis makes of the description of the service, sent to real processes. Needs Python and PyPI.
abuse:
	./tools/setup-tests.sh abuse
	./tools/abuse/schemathesis.sh 3000
	LANGDU_ABUSE=limits ./tools/abuse/schemathesis.sh 1000

lint:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings

# The pictures of docs/pages.md and the README.
shots: setup build
	LANGDU_BIN=target/release/langdu node tools/shots.mjs
