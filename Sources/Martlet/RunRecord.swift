import Bundles
import Commands
import Foundation
import MartletCore
import Project
import Registry
import Tracking

/// Keeps what a run did beside the registry, where MLflow's clients find it: `martlet serve --tracking`.
enum RunRecord {
  /// Records a run that has ended; where that fails, a remark says so, and the run is what it is.
  /// - Parameter history: values per epoch by name.
  /// - Returns: the summary, as it was given.
  static func keeping(
    _ summary: RunSummary, of file: ProjectFile, in registry: ModelRegistry, history: [String: [Double]] = [:], since started: Date,
    quiet: Bool
  ) -> RunSummary {
    do { try keep(summary, file, registry, history, started) } catch {
      let isExpected = (error as? TrackingError)?.kind == .place
      if !quiet, !isExpected { Terminal.note("the run is not recorded for MLflow's clients: \(error)") }
    }
    return summary
  }

  /// The store of a registry, with its files where `MARTLET_TRACKING_ARTIFACTS` says.
  static func store(_ registry: ModelRegistry) throws(TrackingError) -> TrackingStore {
    let folder = ProcessInfo.processInfo.environment["MARTLET_TRACKING_ARTIFACTS"].flatMap { $0.isEmpty ? nil : $0 }
    return try TrackingStore.open(registry: registry, artifacts: folder)
  }

  private static func keep(
    _ summary: RunSummary, _ file: ProjectFile, _ registry: ModelRegistry, _ history: [String: [Double]], _ started: Date
  ) throws {
    let store = try store(registry)
    defer { try? store.close() }
    let begun = Milliseconds(started.timeIntervalSince1970 * 1000), ended = TrackingStore.now
    let folder = (summary.training.run as NSString).lastPathComponent
    var tags = [
      TrackingTag("mlflow.source.name", "martlet run"), TrackingTag("mlflow.source.type", "LOCAL"),
      TrackingTag("mlflow.user", RegistryOptions.currentUser), TrackingTag("martlet.run", summary.training.run),
    ]
    if let version = summary.version { tags.append(TrackingTag("martlet.version", "\(summary.name)@\(version)")) }
    let run = try store.startRun(
      in: store.experiment(named: summary.name).id, name: folder.isEmpty ? nil : folder, user: RegistryOptions.currentUser, started: begun,
      tags: tags)
    // Epochs are spread over the run's time, which is as good as nobody looks at them by time.
    let points = history.sorted { $0.key < $1.key }.flatMap { name, values in
      values.enumerated().map { index, value in
        let share = Double(index + 1) / Double(values.count)
        return MetricPoint(
          Self.name(name), value, time: begun + Milliseconds(share * Double(ended - begun)), step: Int64(index + 1))
      }
    }
    let known = Set(points.map(\.key))
    let results = summary.metrics.sorted { $0.key < $1.key }.map { name, metric in
      MetricPoint(known.contains(Self.name(name)) ? "test/" + Self.name(name) : Self.name(name), metric.value, time: ended)
    }
    do {
      try store.log(run.info.id, metrics: points + results, params: try params(of: file))
      if let number = summary.version {
        try store.link(try registry.resolve("\(summary.name)@\(number)"), to: run.info.id)
      }
    } catch {
      // A run that cannot be told whole does not stay one that goes on for ever.
      try? store.finishRun(run.info.id, .failed)
      throw error
    }
    try store.finishRun(run.info.id, summary.training.interrupted ? .killed : .finished)
  }

  /// The project's settings by path: `training.optimizer.adamw.learning-rate`. Where it would answer is none of training's business.
  private static func params(of file: ProjectFile) throws -> [TrackingTag] {
    var seen: Set<String> = []
    return JSONPaths.flatten(try file.project.jsonValue()).sorted { $0.key < $1.key }.compactMap { path, value in
      guard !path.hasPrefix("serve."), !path.hasPrefix("stream.") else { return nil }
      let key = name(path.replacing("[", with: ".").replacing("]", with: ""))
      let text =
        switch value {
        case .string(let text): text
        default: (try? JSON.encode(value, pretty: false)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
      return seen.insert(key).inserted ? TrackingTag(key, text) : nil
    }
  }

  /// A name as the store takes it.
  private static func name(_ text: String) -> String {
    let plain = text.unicodeScalars.map { scalar in
      scalar.properties.isAlphabetic || scalar.properties.numericType != nil || ["_", "/", ".", "-", " ", ":"].contains(scalar)
        ? String(scalar) : "_"
    }.joined()
    let parts = plain.split(separator: "/").map { $0 == "." || $0 == ".." ? "_" : String($0) }
    return String(parts.joined(separator: "/").prefix(250))
  }
}
