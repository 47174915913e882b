import HTTPTypes
import MartletCore
import Synchronization
import Web

/// Whether the server takes requests.
final class Readiness: Sendable {
  private let isDraining = Atomic<Bool>(false)
  /// The threads that answer.
  let loops = Liveness()

  var isReady: Bool { !isDraining.load(ordering: .relaxed) }

  func beginDraining() { isDraining.store(true, ordering: .relaxed) }
}

/// Health, figures, and what can be called.
struct StatusEndpoints: Sendable {
  let models: ModelRepository
  let languages: LanguageTable
  let readiness: Readiness
  let metrics: ServerMetrics

  var routes: [Route] {
    [
      Route(.get, "/health/live", .open, "whether the process works") { _ in live() },
      Route(.get, "/health/ready", .open, "whether it takes requests") { _ in ready() },
      Route(.get, "/v2/health/live", .open, "whether the process works") { _ in live() },
      Route(.get, "/v2/health/ready", .open, "whether it takes requests") { _ in ready() },
      Route(.get, "/models", .predict, "the models that are served") { _ in
        Reply { writer in
          writer.raw("{\"models\":")
          let seen = models.runners.filter { Caller.current.maySee(model: $0.model.name) }.map(document)
          let seenLanguages = languages.runners.filter { Caller.current.maySee(model: $0.model.name) }.map(document)
          writer.array(seen + seenLanguages) { $0.value($1) }
          writer.raw("}")
        }
      },
      Route(.get, "/models/{name}", .predict, "one model: signature, labels, metrics") { exchange in
        if let runner = languages.find(exchange.parameters["name"] ?? "") { return Reply { $0.value(document(runner)) } }
        let call = try await models.find(exchange.parameters["name"] ?? "")
        var reply = Reply { $0.value(document(call.runner)) }
        reply.model = call.answering
        return reply
      },
    ]
  }

  /// Not only this thread: all that answer.
  private func live() -> Reply {
    let hanging = readiness.loops.hanging()
    guard hanging > 0 else { return Reply { $0.raw("{\"live\":true}") } }
    var reply = Reply { writer in
      writer.raw("{\"live\":false,\"hanging_threads\":")
      writer.integer(hanging)
      writer.raw("}")
    }
    reply.status = .serviceUnavailable
    return reply
  }

  private func ready() -> Reply {
    // A model that hangs makes requests wait that another server could answer.
    let isReady = readiness.isReady && !models.runners.contains(where: \.isHanging)
    var reply = Reply { writer in
      writer.raw("{\"ready\":")
      writer.bool(isReady)
      writer.raw(",\"live\":true}")
    }
    if !isReady { reply.status = .serviceUnavailable }
    return reply
  }

  private func document(_ runner: LanguageRunner) -> JSONValue {
    let model = runner.model
    let abilities = [model.generator.map { _ in "generation" }, model.embedder.map { _ in "embeddings" }].compactMap { $0 }
    return [
      "name": .string(model.name), "version": .string(model.version), "platform": .string(model.platform),
      "metrics": .object(model.metrics.mapValues { .double($0) }), "abilities": .array(abilities.map { .string($0) }),
      "context": (model.generator?.contextLength).map { .int($0) } ?? .null,
      "dimensions": (model.embedder?.dimensions).map { .int($0) } ?? .null,
    ]
  }

  private func document(_ runner: ModelRunner) -> JSONValue {
    let model = runner.model
    func specs(_ specs: [TensorSpec]) -> JSONValue {
      .array(
        specs.map { spec in
          [
            "name": .string(spec.name), "dtype": .string(spec.dtype.description), "note": .string(spec.note),
            "shape": .array(spec.shape.map { .int($0 ?? -1) }),
          ]
        })
    }
    return [
      "name": .string(model.name), "version": .string(model.version), "platform": .string(model.platform),
      "labels": model.labels.map { .array($0.map { .string($0) }) } ?? .null,
      "metrics": .object(model.metrics.mapValues { .double($0) }),
      "files": .array((model.adapter?.mediaTypes ?? []).map { .string($0) }),
      "signature": [
        "inputs": specs(runner.signature.inputs), "outputs": specs(runner.signature.outputs), "batched": .bool(runner.signature.isBatched),
      ],
    ]
  }
}
