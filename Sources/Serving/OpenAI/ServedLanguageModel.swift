public import Foundation
public import MartletCore
import Web

/// A language model with a name and a version, ready to be served at the endpoints of OpenAI's clients.
public struct ServedLanguageModel: Sendable {
  /// What requests call it by.
  public let name: String
  /// Any text without a slash: `3`, `v10`. Requests may name it: `name@3`.
  public let version: String
  /// What continues texts and answers conversations; `nil` for a model that only embeds.
  public let generator: (any TextGenerator)?
  /// What turns texts into vectors; `nil` for a model that only generates.
  public let embedder: (any TextEmbedder)?
  /// What kind of program answers, for clients that ask: `martlet_libtorch` …
  public let platform: String
  /// Measured on the version before it was served; shown by `GET /models/{name}`.
  public let metrics: [String: Double]
  /// When the version was made.
  public let created: Date

  /// A model that generates, embeds, or both.
  public init(
    name: String, version: String, generator: (any TextGenerator)? = nil, embedder: (any TextEmbedder)? = nil,
    platform: String = "martlet", metrics: [String: Double] = [:], created: Date = Date()
  ) {
    self.name = name
    self.version = version
    self.generator = generator
    self.embedder = embedder
    self.platform = platform
    self.metrics = metrics
    self.created = created
  }
}
