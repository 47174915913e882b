import ArgumentParser
import MartletCore

struct RouteCommand: EngineCommand {
  static let configuration = CommandConfiguration(
    commandName: "route", abstract: "Put several language models behind one name, by the caller's language.",
    discussion: """
      Each request goes to the model for the language that it is asked in, all others to the
      fallback's. With translators both ways between a language and the fallback, its requests are
      translated for the fallback's model, and the answers back.
      """)

  @Argument(help: "The new model's name in the registry.")
  var name: String

  @Option(name: .customLong("to"), help: ArgumentHelp("A language and its model. Can be repeated.", valueName: "language=NAME@V"))
  var routes: [String] = []

  @Option(help: ArgumentHelp("The language whose model gets everything else.", valueName: "language"))
  var fallback = "en"

  @Option(
    name: .customLong("translator"),
    help: ArgumentHelp("A model that translates between two languages. Can be repeated.", valueName: "from-to=NAME@V"))
  var translators: [String] = []

  @Option(
    help: ArgumentHelp("What a translator is asked: {text}, {from} and {to} are filled in.", valueName: "text"))
  var translationPrompt = "{text}"

  @Option(
    help: ArgumentHelp("What tells languages apart, as LanguageIdentifier is saved.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var identifier: String

  @Option(name: .customLong("alias"), help: ArgumentHelp("Give the new version an alias. Can be repeated.", valueName: "name"))
  var aliases: [String] = []

  @OptionGroup var global: GlobalOptions

  func validate() throws {
    if routes.isEmpty { throw ValidationError("there is no --to; expected one language=NAME@V or more") }
  }

  func execute(_ engine: any Engine, _ context: CommandContext) async throws -> CommandResult {
    let request = RouteRequest(
      name: name, routes: try Self.pairs(routes, "--to"), fallback: fallback, translators: try Self.pairs(translators, "--translator"),
      translationPrompt: translationPrompt, identifier: identifier, aliases: aliases, surroundings: global.surroundings)
    let summary = try await engine.routeLanguages(request)
    var text = summary.routes.sorted { $0.key < $1.key }.map { "  \($0.key)  \($0.value)\n" }.joined()
    text += "\(summary.name)@\(summary.version) is registered; what is in none of these goes to \(summary.fallback).\n"
    return CommandResult(document: summary, text: text)
  }

  private static func pairs(_ options: [String], _ name: String) throws(UsageError) -> [String: String] {
    var pairs: [String: String] = [:]
    for option in options {
      let sides = option.split(separator: "=", maxSplits: 1).map(String.init)
      guard sides.count == 2, pairs.updateValue(sides[1], forKey: sides[0]) == nil else {
        throw UsageError(problem: "\(name) '\(option)'", expected: "\(name == "--to" ? "language" : "from-to")=NAME@V, each once")
      }
    }
    return pairs
  }
}

/// `martlet route`
public struct RouteRequest: Codable, Sendable, Hashable {
  /// The new model's name.
  public var name: String
  /// Models by language.
  public var routes: [String: String]
  /// The language of what has no other model.
  public var fallback: String
  /// Models by `from-to`.
  public var translators: [String: String]
  /// What a translator is asked.
  public var translationPrompt: String
  /// The file of the identifier.
  public var identifier: String
  /// Aliases for the new version.
  public var aliases: [String]
  public var surroundings: Surroundings
}

/// The document of `martlet route --json`.
public struct RouteSummary: Codable, Sendable, Hashable {
  /// The new model's name.
  public var name: String
  public var version: Int
  /// Versions by language.
  public var routes: [String: String]
  /// The language of what has no other model.
  public var fallback: String

  /// A version that was registered.
  public init(name: String, version: Int, routes: [String: String], fallback: String) {
    self.name = name
    self.version = version
    self.routes = routes
    self.fallback = fallback
  }
}

extension Engine {
  /// An engine without language models routes none.
  public func routeLanguages(_ request: RouteRequest) async throws -> RouteSummary {
    throw ArgumentError("this engine has no language models")
  }
}
