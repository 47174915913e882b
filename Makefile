# make help says what there is. Every target does its own set-up.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PREFIX ?= $(HOME)/.local
RELEASE := --configuration release --static-swift-stdlib

.PHONY: help setup run test build bench format lint docs install generate protocol fixtures clean

help: ## what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 16

setup: ## libtorch, system packages, demo data (a second time: nothing)
	@scripts/setup

run: build ## the whole journey: train on Fashion-MNIST, judge, register, serve, ask over HTTP
	@scripts/demo

test: setup ## all tests
	swift build --build-tests
	# One after the other: libtorch's random generator belongs to the process.
	swift test --skip-build --no-parallel

build: setup ## the program, optimised
	swift build $(RELEASE) --product martlet-engine
	swift build $(RELEASE) --product martlet

bench: build ## the speeds that are claimed, side by side with their peers
	@Benchmarks/run

format: ## format all Swift files
	swift format --in-place --parallel --recursive --configuration .swift-format $$(scripts/swift-files)

lint: ## complain about what format would change
	swift format lint --strict --parallel --recursive --configuration .swift-format $$(scripts/swift-files)

docs: setup ## the documentation as a web site under .build/docs
	@scripts/docs

install: build ## put the program under PREFIX (it can be moved later)
	@scripts/install "$(PREFIX)"

generate: setup ## write the operators anew from libtorch's list and Tools/operators.yml, and the project file's lists of networks and learners
	swift run generate-operators
	swift run generate-schema Sources/Project/generated

protocol: setup ## write the messages of the inference protocol anew from their .proto files
	@Tools/generate-protocol

fixtures: setup ## write the reference values anew with the pinned peers
	@scripts/fixtures

clean: ## remove what was built, keep what was fetched
	rm -rf .build
