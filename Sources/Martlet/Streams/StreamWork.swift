import Charts
public import Commands
import Foundation
import MartletCore
import Project
import Registry
import Serving
import Streams
import Torch

/// `martlet stream`: messages in, answers out, until it is told to stop.
enum StreamWork {
  static func run(_ request: StreamRequest) async throws -> StreamSummary {
    let clock = ContinuousClock.now
    // Addresses and credentials are looked at before a model is loaded.
    let addresses = (from: try StreamAddress(request.from), to: try StreamAddress(request.to), dead: try StreamAddress(request.dead))
    for (option, place) in [("--to", addresses.to), ("--dead", addresses.dead)] where place == addresses.from {
      throw ArgumentError(
        "\(option) is '\(place)', as --from is: what is sent there would be questions again", expected: "another topic or queue")
    }
    let security = try StreamSecurity(environment: ProcessInfo.processInfo.environment)
    let registry = try ModelRegistry.open(at: request.surroundings.registry)
    let version = try registry.resolve(request.reference)
    guard !LanguageBundle.kinds.contains(try registry.manifest(of: version).kind) else {
      throw ArgumentError("\(version.reference) is a language model", expected: "a model that predicts")
    }
    let model = LocalModel(try MartletEngine.served(version, from: registry))
    var settings = StreamSettings()
    settings.batch = request.batch
    settings.batchDelay = .milliseconds(request.batchDelay)
    settings.attempts = request.attempts
    settings.identity = request.identity == .key ? .key : .message
    let processor = StreamProcessor(
      from: try source(addresses.from, group: request.group ?? "martlet-\(version.name)", request.prefetch, security),
      to: try sink(addresses.to, security), dead: try sink(addresses.dead, security), model: version.reference, settings: settings,
      answer: { await answers($0, model) })
    if !request.surroundings.quiet {
      Terminal.note("\(version.reference) answers \(addresses.from) at \(addresses.to) · dead letters to \(addresses.dead) · Ctrl-C stops")
    }
    let reporter = Task { await report(processor, version.reference, request) }
    defer { reporter.cancel() }
    let figures = try await CancelledBySignals.run { try await processor.run() }
    if let path = request.metrics { try AtomicFile.write(Data(figures.prometheus(model: version.reference).utf8), to: path) }
    return StreamSummary(
      model: version.reference, consumed: figures.consumed, answered: figures.answered, dead: figures.dead, duplicates: figures.duplicates,
      retries: figures.retries, lag: figures.lag, seconds: (ContinuousClock.now - clock) / .seconds(1))
  }

  private static func answers(_ messages: [StreamMessage], _ model: LocalModel) async -> [Result<[UInt8], StreamFailure>] {
    await withTaskGroup(of: (Int, LocalModel.Outcome).self) { group in
      for (place, message) in messages.enumerated() { group.addTask { (place, await model.answer(message.value)) } }
      var results = [Result<[UInt8], StreamFailure>](
        repeating: .failure(StreamFailure(kind: "model-error", reason: "no answer", isTemporary: true)), count: messages.count)
      for await (place, outcome) in group {
        results[place] =
          switch outcome {
          case .answered(let bytes): .success(bytes)
          case .refused(let reason): .failure(StreamFailure(kind: "bad-request", reason: reason, isTemporary: false))
          case .failed(let reason): .failure(StreamFailure(kind: "model-error", reason: reason, isTemporary: true))
          }
      }
      return results
    }
  }

  /// Figures for people and for Prometheus, every few seconds.
  private static func report(_ processor: StreamProcessor, _ model: String, _ request: StreamRequest) async {
    var last: StreamFigures?, trouble: String?
    while !Task.isCancelled {
      try? await Task.sleep(for: .seconds(5))
      guard !Task.isCancelled else { return }
      let figures = processor.figures
      // Once for each reason, however often it is tried: a stream that stands still should say why.
      let now = processor.trouble
      if let now, now != trouble, !request.surroundings.quiet { Terminal.note("trying again: \(now)") }
      trouble = now
      if let path = request.metrics {
        do { try AtomicFile.write(Data(figures.prometheus(model: model).utf8), to: path) } catch { Terminal.note("\(error)") }
      }
      if !request.surroundings.quiet, figures != last {
        let lag = figures.lag.map { ", \(NumberText.grouped($0)) waiting" } ?? ""
        Terminal.note("\(NumberText.grouped(figures.answered)) answered, \(NumberText.grouped(figures.dead)) dead\(lag)")
      }
      last = figures
    }
  }

  // Brokers -----------------------------------------------------------------------------------------------------------------------------

  private static func source(
    _ address: StreamAddress, group: String, _ prefetch: Int, _ security: StreamSecurity
  ) throws -> any StreamSource {
    switch address.system {
    case .kafka:
      var settings = kafka(address, security)
      settings.prefetch = prefetch
      return try KafkaSource(address.name, group: group, settings: settings)
    case .amqp: return RabbitSource(rabbit(address, security, prefetch))
    }
  }

  private static func sink(_ address: StreamAddress, _ security: StreamSecurity) throws -> any StreamSink {
    switch address.system {
    case .kafka: return try KafkaSink(address.name, settings: kafka(address, security))
    case .amqp: return RabbitSink(rabbit(address, security))
    }
  }

  private static func kafka(_ address: StreamAddress, _ security: StreamSecurity) -> KafkaSettings {
    var settings = KafkaSettings(brokers: address.brokers)
    settings.isSecure = address.isSecure
    settings.security = security
    return settings
  }

  private static func rabbit(_ address: StreamAddress, _ security: StreamSecurity, _ prefetch: Int = 1) -> RabbitSettings {
    var settings = RabbitSettings(address)
    settings.security = security
    settings.prefetch = prefetch
    return settings
  }
}

extension MartletEngine {
  public func stream(_ request: StreamRequest) async throws -> StreamSummary {
    try TorchLibrary.check()
    return try await StreamWork.run(request)
  }
}
