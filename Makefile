# What can be done here, in few words. CI and a laptop run the same.

TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/ktel/tools
DENY  := 0.20.2

.PHONY: help demo check test bench real
help: ## say this
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

demo: ## the whole catalog on a made-up cluster
	cargo run --release -- demo

check: $(TOOLS)/cargo-deny-$(DENY) ## format, lints, docs, dependencies, generated files
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps
	cargo fetch --locked --quiet
	$< --offline --log-level warn check bans licenses sources
	cargo xtask generate --check

test: ## everything, against the real programs too (built once, about 12 minutes)
	cargo test --workspace

bench: ## the comparisons with peers, as ratios
	cargo bench --workspace

real: ## get etcd, kube-apiserver and kubectl, and start a cluster to play with
	cargo xtask real get etcd kube-apiserver kubectl
	cargo xtask real start

# Pinned, outside the checkout, and compiled for a short build: 2 minutes on two cores.
$(TOOLS)/cargo-deny-$(DENY):
	CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
		cargo install --locked --no-default-features --root $(TOOLS)/building cargo-deny@$(DENY)
	mv $(TOOLS)/building/bin/cargo-deny $@
