# What can be done here, in few words. CI and a laptop run the same.

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ktel
TOOLS := $(CACHE)/tools
DENY  := 0.20.2
FUZZ  := 0.13.2
BOOK  := 0.5.4

# Where fuzzing builds and keeps what it learns: outside the checkout. What it finds goes to fuzz/artifacts.
FUZZED := $(abspath $(or $(CARGO_TARGET_DIR),$(CACHE))/fuzz)

# Workspaces of their own, each with a lock file.
LOCKED := crates/metricsql/fuzz crates/delivery/fuzz crates/otlp/fuzz crates/exporter/fuzz

.PHONY: help demo check msrv test fuzz bench real book hooks size
help: ## say this
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

demo: ## the whole catalog on a made-up cluster
	cargo run --release -- demo

check: $(TOOLS)/cargo-deny-$(DENY) ## format, lints, docs, dependencies, generated files, rules of our own
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy --package ktel-usage --no-default-features -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps
	for workspace in . $(LOCKED); do cargo fetch --locked --quiet --manifest-path $$workspace/Cargo.toml || exit; done
	$< --offline --log-level warn check bans licenses sources
	cargo xtask generate --check
	cargo xtask check
	for crate in ktel-metricsql ktel-otlp; do \
		packaged=$$(cargo package --offline --allow-dirty -p $$crate 2>&1) && ! echo "$$packaged" | grep -A2 warning \
			|| { echo "$$packaged"; exit 1; }; \
	done

# The crate that promises a Rust older than the workspace's. rustup gets it; without rustup this fails.
MSRV := $(shell sed -n 's/^rust-version = "\([0-9.]*\)".*/\1/p' crates/metricsql/Cargo.toml)
msrv: ## compile ktel-metricsql with the oldest Rust that it promises
	rustup toolchain install $(MSRV) --profile minimal --no-self-update
	CARGO_TARGET_DIR=$(abspath $(or $(CARGO_TARGET_DIR),$(CACHE))/msrv) \
		cargo +$(MSRV) check --locked --package ktel-metricsql --features serde

# The tests with real programs mostly wait, so twice as many threads as processors run them.
test: ## everything, against the real programs too
	bash .ci/packages
	bash tests/real/get.sh >/dev/null
	RUST_TEST_THREADS=$$((2 * $$(nproc))) cargo test --workspace
	$(MAKE) --no-print-directory fuzz

# Stable has no sanitizers, and there is no `unsafe` for them to look at. cargo-fuzz has no --locked:
# fetching fails first where a lock file is not fresh, which cargo-fuzz would rewrite.
fuzz: SECONDS := 20
# Queries that a real store has to have answered in that time, so that a run which sent none does not pass.
fuzz: QUERIES := 1000
fuzz: COUNT := $(FUZZED)/answered
fuzz: $(TOOLS)/cargo-fuzz-$(FUZZ) ## random queries (a real server answers them), spools, OTLP and answers of stores, SECONDS=20 for each target
	crates/metricsql/fuzz/seed.sh $(FUZZED)/corpus
	crates/exporter/fuzz/seed.sh $(FUZZED)/corpus
	mkdir -p $(addprefix $(FUZZED)/corpus/,spool otlp_bytes otlp_json otlp_messages)
	for workspace in $(LOCKED); do cargo fetch --locked --quiet --manifest-path $$workspace/Cargo.toml || exit; done
	rm -f $(COUNT)
	export FUZZ_COUNT=$(COUNT) VICTORIA_METRICS=$$(bash tests/real/get.sh victoria-metrics) && \
	for target in metricsql/parse metricsql/round_trip metricsql/enforce metricsql/victoria_metrics delivery/spool \
		otlp/otlp_bytes otlp/otlp_json otlp/otlp_messages \
		exporter/export_lines exporter/remote_read; do \
		CARGO_TARGET_DIR=$(FUZZED) $< run --fuzz-dir crates/$${target%/*}/fuzz --sanitizer none \
			$${target#*/} $(FUZZED)/corpus/$${target#*/} -- -max_total_time=$(SECONDS) -timeout=10 -verbosity=0 || exit; \
	done
	@answered=$$(cat $(COUNT) 2>/dev/null || echo 0); echo "a real store answered $$answered queries"; \
	if [ $$answered -lt $(QUERIES) ]; then \
		echo "that is fewer than $(QUERIES): give it more SECONDS, or find out why nothing is sent" >&2; exit 1; \
	fi

hooks: ## check formatting, generated files and our rules before each commit
	git config core.hooksPath .ci/hooks

size: ## build the static release program (minutes) and compare it with its budget
	cargo build --release --locked --package ktel-cli --target x86_64-unknown-linux-musl
	cargo xtask size $(or $(CARGO_TARGET_DIR),target)/x86_64-unknown-linux-musl/release/ktel

bench: ## the comparisons with peers, as ratios
	cargo bench --workspace
	cargo bench --manifest-path crates/metricsql/benches/Cargo.toml

real: ## get etcd, kube-apiserver and kubectl, and start a cluster to play with
	cargo xtask real get etcd kube-apiserver kubectl
	cargo xtask real start

book: $(TOOLS)/mdbook-$(BOOK) ## the documentation as a book, in target/book
	$< build docs

# Pinned, outside the checkout, and compiled for a short build: 2 minutes on two cores, 1 for cargo-fuzz.
INSTALL = CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
	cargo install --locked --root $(TOOLS)/building

$(TOOLS)/cargo-deny-$(DENY):
	$(INSTALL) --no-default-features cargo-deny@$(DENY)
	mv $(TOOLS)/building/bin/cargo-deny $@

$(TOOLS)/cargo-fuzz-$(FUZZ):
	$(INSTALL) cargo-fuzz@$(FUZZ)
	mv $(TOOLS)/building/bin/cargo-fuzz $@

$(TOOLS)/mdbook-$(BOOK):
	$(INSTALL) --no-default-features --features search mdbook@$(BOOK)
	mv $(TOOLS)/building/bin/mdbook $@
