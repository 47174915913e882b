import ArgumentParser
import Charts
public import Foundation
import MartletCore
import Registry

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What a command works with besides its own arguments.
struct CommandContext: Sendable {
  let engine: (any Engine)?
  let output: any CommandOutput
  let input: any CommandInput
  let now: Date
  /// Columns of the text on standard output; `nil` is no limit.
  let width: Int?
  /// The terminal shows characters outside ASCII.
  let unicode: Bool
}

/// What came out: a document for machines, the same for people, and the exit code.
struct CommandResult {
  let document: any Encodable
  let text: String
  var exitCode = ExitStatus.done
  /// Another process prints the result.
  var isSilent = false
}

/// A command of `martlet`. It returns its result; printing is done in one place, so that `--json` cannot be two documents.
protocol Command: ParsableCommand {
  var global: GlobalOptions { get }
  func execute(_ context: CommandContext) async throws -> CommandResult
}

/// A command that needs libtorch.
protocol EngineCommand: Command {
  func execute(_ engine: any Engine, _ context: CommandContext) async throws -> CommandResult
}

extension EngineCommand {
  func execute(_ context: CommandContext) async throws -> CommandResult {
    guard let engine = context.engine else {
      throw ArgumentError("this program has no engine", remedy: "start martlet, which finds martlet-engine beside itself")
    }
    return try await execute(engine, context)
  }
}

/// A command that reads or changes the registry.
protocol RegistryCommand: Command {
  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult
}

extension RegistryCommand {
  func execute(_ context: CommandContext) async throws -> CommandResult {
    guard ModelRegistry.mayExist(at: global.registryPath) else {
      throw RegistryError(
        .notFound, "there is no registry at \(global.registryPath)", remedy: "martlet run, or name another with --registry")
    }
    return try execute(ModelRegistry.open(at: global.registryPath), context)
  }
}

/// The `martlet` command line.
public enum Commands {
  /// Whether a command line asks for something that only `martlet-engine` can do. Wrong ones do not.
  public static func needsEngine(_ arguments: [String]) -> Bool { (try? Martlet.parseAsRoot(arguments)) is any EngineCommand }

  /// Runs one command line in this process.
  /// - Parameters:
  ///   - arguments: without the program's name.
  ///   - engine: what runs models; `nil` makes commands that need one fail.
  ///   - output: where everything is written.
  ///   - input: what commands read that talk with somebody.
  ///   - now: the time that "3 minutes ago" counts from.
  ///   - width: columns of help and tables; `nil` is the terminal's, and no limit where there is none.
  ///   - unicode: whether characters outside ASCII are shown; `nil` asks the locale.
  /// - Returns: the process's exit code (see `ExitStatus`).
  public static func execute(
    arguments: [String], engine: (any Engine)? = nil, output: any CommandOutput = StandardOutput(),
    input: any CommandInput = StandardInput(), now: Date = Date(), width: Int? = nil, unicode: Bool? = nil
  ) async -> Int32 {
    if let unknown = Martlet.unknownCommand(in: arguments) { return report(unknown, arguments: arguments, output: output) }
    let command: any Command
    do {
      var parsed = try Martlet.parseAsRoot(arguments)
      guard let known = parsed as? any Command else {
        // A group of commands, or the help command: running them throws what to print.
        try parsed.run()
        return ExitStatus.done
      }
      command = known
    } catch {
      return answer(parsing: error, arguments: arguments, output: output, width: width)
    }
    do {
      let result = try await command.execute(
        CommandContext(
          engine: engine, output: output, input: input, now: now, width: width ?? Self.terminalWidth,
          unicode: unicode ?? TextTable.terminalIsUTF8))
      let text = command.global.json ? String(decoding: try JSON.encode(result.document), as: UTF8.self) : result.text
      if !result.isSilent { try output.write(text) }
      return result.exitCode
    } catch {
      return fail(ErrorDocument(error), json: command.global.json, output: output)
    }
  }

  private static var terminalWidth: Int? { isatty(STDOUT_FILENO) == 1 ? Terminal.width : nil }

  /// Help, versions and completion scripts are results; the rest is wrong usage.
  private static func answer(parsing error: any Error, arguments: [String], output: any CommandOutput, width: Int?) -> Int32 {
    let text = Martlet.fullMessage(for: error, columns: width)
    guard Martlet.exitCode(for: error) != .success else {
      do {
        try output.write(text.hasSuffix("\n") ? text : text + "\n")
        return ExitStatus.done
      } catch {
        return fail(ErrorDocument(error), json: false, output: output)
      }
    }
    guard arguments.contains("--json") else {
      output.note(text + "\n")
      return ExitStatus.usage
    }
    let problem = Martlet.message(for: error)
    return fail(ErrorDocument(UsageError(problem: problem, remedy: "martlet --help")), json: true, output: output)
  }

  /// Prints an error that came before a command could run.
  /// - Returns: the process's exit code.
  public static func report(_ error: any Error, arguments: [String], output: any CommandOutput) -> Int32 {
    fail(ErrorDocument(error), json: arguments.contains("--json"), output: output)
  }

  private static func fail(_ document: ErrorDocument, json: Bool, output: any CommandOutput) -> Int32 {
    if json, let data = try? JSON.encode(document) {
      if (try? output.write(String(decoding: data, as: UTF8.self))) != nil { return document.exitCode }
    }
    var text = (document.error.problems == nil ? "error: " : "") + document.error.problem
    if let expected = document.error.expected { text += "\n  expected: \(expected)" }
    if let remedy = document.error.remedy { text += "\n  try: \(remedy)" }
    output.note(text + "\n")
    return document.exitCode
  }
}
