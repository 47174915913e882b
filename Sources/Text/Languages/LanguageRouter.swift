public import MartletCore

/// Several models behind one name: each request goes to the one for the caller's language.
///
/// ```swift
/// let router = LanguageRouter(CallerLanguage(identifier), routes: ["zh": chinese, "en": english], fallback: "en")
/// ```
public struct LanguageRouter: TextGenerator {
  private let caller: CallerLanguage
  private let routes: [String: any TextGenerator]
  private let fallback: any TextGenerator

  /// - Parameters:
  ///   - routes: models by language; regions do not matter.
  ///   - fallback: the language whose model gets what is in none of them, or in no language at all.
  /// - Throws: `ArgumentError` where the fallback has no model, or a language has two.
  public init(_ caller: CallerLanguage, routes: [String: any TextGenerator], fallback: String) throws(ArgumentError) {
    var known: [String: any TextGenerator] = [:]
    for (language, model) in routes {
      guard known.updateValue(model, forKey: LanguageCode.base(language)) == nil else {
        throw ArgumentError("two models for the language '\(LanguageCode.base(language))'", expected: "one")
      }
    }
    guard let last = known[LanguageCode.base(fallback)] else {
      throw ArgumentError(
        "the language '\(fallback)' of what has no other model has none", expected: "one of \(known.keys.sorted().joined(separator: ", "))")
    }
    self.caller = caller
    self.routes = known
    self.fallback = last
  }

  /// The shortest context of all: what fits it is answered in any language.
  public var contextLength: Int? { routes.values.compactMap(\.contextLength).min() }

  /// The model that a request goes to.
  func model(for request: GenerationRequest) -> any TextGenerator { caller.language(of: request).flatMap { routes[$0] } ?? fallback }

  public func generate(_ request: GenerationRequest) async throws -> AsyncThrowingStream<GenerationEvent, any Error> {
    try await model(for: request).generate(request)
  }
}
