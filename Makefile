# Everything a person does with this repository. `make help` lists it.

SWIFT ?= swift
PYTHON := .venv/bin/python
RELEASE := --configuration release --static-swift-stdlib
SWIFT_SOURCES := Package.swift Sources Plugins Tests clients Examples Benchmarks

.PHONY: help demo test test-swift test-interop test-release mutants conformance check format generate simulate bench bench-codec bench-rpc fuzz soak random-schemas release clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: release ## Run the main job: record a workout live, watch it, read it back
	@scripts/demo.sh .build/release

test: test-swift test-interop test-release ## Run every test

test-swift: ## Run the tests written in Swift
	@scripts/setup.sh test
	$(SWIFT) build --build-tests
# One at a time: they wait on real sockets with deadlines, and some keep a core busy for seconds.
	$(SWIFT) test --skip-build --no-parallel

test-interop: ## Run the tests with foreign peers and oracles (grpcio, protobuf, gpxpy ...)
	@scripts/setup.sh test
	$(SWIFT) build
	$(PYTHON) -m pytest -q --timeout 300 --basetemp .build/pytest -p no:cacheprovider Tests/interop

test-release: ## Hold the optimised codec and JSON against google.protobuf
	@scripts/setup.sh test
	$(SWIFT) build --configuration release --product wire-peer
	MARTLET_BINARIES=.build/release MARTLET_ROUNDS=100 $(PYTHON) -m pytest -q --timeout 300 --basetemp .build/pytest \
		-p no:cacheprovider Tests/interop/test_codec_differential.py Tests/interop/test_json_differential.py \
		Tests/interop/test_well_known_types.py

mutants: release ## Hold martletc against protoc on MARTLET_MUTANTS (20000) broken schemas, with a fresh seed
	@scripts/setup.sh test
	$(PYTHON) Tests/interop/test_schema_mutants.py --martletc .build/release/martletc --count $${MARTLET_MUTANTS:-20000}

conformance: ## Run protobuf's own conformance suite (proto3, binary and JSON)
	Tests/conformance/run.sh

check: ## Check format, layers, the schema, and that the generated code is up to date
	@scripts/setup.sh test
	$(SWIFT) format lint --strict --recursive --parallel $(SWIFT_SOURCES)
	python3 scripts/check-layers.py
	scripts/generate.sh --check
	$$($(SWIFT) build --show-bin-path)/martletc check -I schema --enable COMMENTS

format: ## Format the Swift sources in place
	$(SWIFT) format --in-place --recursive --parallel $(SWIFT_SOURCES)

generate: ## Write the message types and stubs of schema/
	@scripts/setup.sh build
	scripts/generate.sh

simulate: ## Run the device-and-server simulator over MARTLET_ROUNDS fresh seeds (5000)
	@scripts/setup.sh build
	MARTLET_ROUNDS=$${MARTLET_ROUNDS:-5000} $(SWIFT) test --filter TrackingSimulationTests

bench: release ## Measure what the server costs: CPU per call and batch, memory, sizes
	@scripts/setup.sh test
	$(PYTHON) Benchmarks/service.py .build/release

bench-codec: ## Measure the codec beside SwiftProtobuf and C++ protobuf; ARGS="--only batch" for less
	@scripts/setup.sh bench
	$(PYTHON) Benchmarks/codec/bench.py $(ARGS)

bench-rpc: ## Measure the RPC runtime beside grpc-swift-2, gRPC C++, grpc-go and nghttpd; ARGS="--quick"
	@scripts/setup.sh bench-rpc
	python3 Benchmarks/rpc/bench.py $(ARGS)

fuzz: ## Run the fuzzers of Tests/Fuzz, each for FUZZ_SECONDS (20)
	@scripts/setup.sh test
	scripts/fuzz.sh

soak: ## Open, stream, cancel, flood and kill at random for SOAK_SECONDS (600), and find nothing left
	@scripts/setup.sh test
	$(SWIFT) build --product RPCSoak
	$(PYTHON) Tests/soak/soak.py .build/debug

random-schemas: ## Hold the codec of ROUNDS (5) fresh random schemas against google.protobuf
	@scripts/setup.sh test
	$(SWIFT) build --product wire-peer
	$(SWIFT) build --product martletc
	MARTLET_SCHEMA_ROUNDS=$${ROUNDS:-5} $(PYTHON) -m pytest -q --basetemp .build/pytest-random -p no:cacheprovider \
		Tests/interop/test_random_schemas.py

release: ## Build the release binaries: .build/release/{martletd,martlet,martletc}
	@scripts/setup.sh build
	$(SWIFT) build $(RELEASE)

clean: ## Remove what builds and tests leave
	rm -rf .build .venv Benchmarks/codec/.build Benchmarks/rpc/.build Benchmarks/rpc/.build-grpc-swift \
		Benchmarks/rpc/martlet-peer/.build Benchmarks/rpc/grpc-swift-peer/.build
