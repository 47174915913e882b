import ArgumentParser
import MartletCore
import Registry

/// What a command that makes a key says.
struct KeyDocument: Codable, Sendable {
  var file: String
  var name: String
  /// For a key that signs: the line for the others' lists of trusted keys.
  var publicKey: String?
}

struct KeysEncrypt: Command {
  static let configuration = CommandConfiguration(
    commandName: "encrypt", abstract: "Make a key for encryption at rest, and put it before the others in a file.",
    discussion: "Name the file in MARTLET_ENCRYPTION_KEY_FILE. Without its keys nothing can be read: keep a copy.")

  @Argument(help: "The file.", completion: .file())
  var file: String

  @Option(help: ArgumentHelp("The key's name.", valueName: "name"))
  var name: String?

  @OptionGroup var global: GlobalOptions

  func execute(_ context: CommandContext) async throws -> CommandResult {
    let made = try EncryptionKeys.addKey(to: file, named: name)
    return CommandResult(
      document: KeyDocument(file: file, name: made), text: "\(made) is in \(file); try: MARTLET_ENCRYPTION_KEY_FILE=\(file)\n")
  }
}

struct KeysSign: Command {
  static let configuration = CommandConfiguration(
    commandName: "sign", abstract: "Make a key that signs versions, and print its public part.",
    discussion: "Those who load versions list public parts in a file, a line each, and name it in MARTLET_TRUSTED_KEYS.")

  @Argument(help: "The file for the key, which must not be there.", completion: .file())
  var file: String

  @Option(help: ArgumentHelp("Whose key it is.", valueName: "name"))
  var name = RegistryOptions.currentUser

  @OptionGroup var global: GlobalOptions

  func execute(_ context: CommandContext) async throws -> CommandResult {
    let key = try SigningKey.create(at: file, name: name)
    return CommandResult(document: KeyDocument(file: file, name: key.name, publicKey: key.publicLine), text: key.publicLine + "\n")
  }
}

struct KeysRotate: RegistryCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate", abstract: "Wrap the keys of all files with the newest key for encryption.",
    discussion: "No file is touched. Afterwards the older keys may go.")

  @OptionGroup var global: GlobalOptions

  /// `martlet keys rotate --json`
  struct Document: Codable, Sendable {
    var rotated: Int
  }

  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let count = try registry.rotateKeys()
    return CommandResult(document: Document(rotated: count), text: "\(Wording.count(count, "key")) wrapped with the newest key\n")
  }
}

struct Sign: RegistryCommand {
  static let configuration = CommandConfiguration(
    abstract: "Sign a version: every file of it, by its manifest.",
    discussion: "Every byte is checked first.")

  @Argument(help: "NAME@V", completion: ReferenceCompletion.kind)
  var reference: String

  @Option(help: ArgumentHelp("The file of the key (martlet keys sign).", valueName: "file"), completion: .file())
  var key: String?

  @OptionGroup var global: GlobalOptions

  func validate() throws {
    guard reference.contains("@") || key == nil else {
      throw ValidationError("'\(reference)' does not say which version to sign; expected NAME@V")
    }
  }

  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let version = try registry.resolve(reference)
    if let key { try registry.sign(version, with: SigningKey.read(key)) }
    let signatures = try registry.signatures(of: version)
    let lines = signatures.map { signature in
      let trust = signature.isTrusted.map { $0 ? ", trusted" : ", not trusted" } ?? ""
      return "  \(signature.name ?? signature.key) by \(signature.user)\(trust)\n"
    }
    guard !signatures.isEmpty else {
      let text =
        "\(version.reference) is not signed\ntry: martlet sign \(version.reference) --key FILE; martlet keys sign FILE makes a key\n"
      return CommandResult(document: signatures, text: text, exitCode: ExitStatus.failed)
    }
    return CommandResult(document: signatures, text: "\(version.reference) is signed:\n" + lines.joined())
  }
}
