import Foundation
import Testing

/// A recipe fits on nothing but training rows: the compiler says so.
@Suite struct CompilerRefusalTests {
  /// The folder of the built modules, from where this test itself lies.
  static let modules: URL? = {
    var folder = Bundle.module.bundleURL.deletingLastPathComponent()
    for _ in 0..<4 {
      for candidate in [folder.appending(path: "Modules"), folder]
      where FileManager.default.fileExists(atPath: candidate.appending(path: "Recipes.swiftmodule").path) { return candidate }
      folder = folder.deletingLastPathComponent()
    }
    return nil
  }()

  static let compiler: URL? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    .map { URL(filePath: String($0)).appending(path: "swiftc") }
    .first { FileManager.default.isExecutableFile(atPath: $0.path) }

  static func check(_ body: String) throws -> (isAccepted: Bool, output: String) {
    guard let modules, let compiler else { return (false, "") }
    let folder = FileManager.default.temporaryDirectory.appending(path: "martlet-refusal-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let source = folder.appending(path: "snippet.swift")
    try Data("import Recipes\nimport Tables\nfunc snippet(_ split: Split, _ table: Table, _ recipe: Recipe) throws {\n  \(body)\n}\n".utf8)
      .write(to: source)
    let process = Process(), pipe = Pipe()
    process.executableURL = compiler
    // C modules are imported for inspection only; their maps lie beside the sources.
    process.arguments = ["-typecheck", "-swift-version", "6", "-I", modules.path] + cModules() + [source.path]
    process.standardError = pipe
    process.standardOutput = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus == 0, output)
  }

  /// The C targets that the modules know, the package's own and those of what it depends on, found from this file.
  static func cModules() -> [String] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let own = ["CTorch/include", "CArrow/include", "CPostgres"].map { root.appending(path: "Sources/" + $0) }
    let fetched = root.appending(path: ".build/checkouts/GRDB.swift/Sources/GRDBSQLite")
    return (own + [fetched]).filter { FileManager.default.fileExists(atPath: $0.path) }.flatMap { ["-Xcc", "-I\($0.path)"] }
  }

  @Test(.enabled(if: compiler != nil && modules != nil, "needs swiftc on the PATH and the built modules beside the test"))
  func onlyTrainingRowsFit() throws {
    let accepted = try Self.check("_ = try recipe.fit(split.training)")
    #expect(accepted.isAccepted, "\(accepted.output)")
    let heldOut = try Self.check("_ = try recipe.fit(split.test)")
    #expect(!heldOut.isAccepted)
    #expect(
      heldOut.output.contains("cannot convert value of type 'HeldOutPart' to expected argument type 'TrainingPart'"), "\(heldOut.output)")
    let table = try Self.check("_ = try recipe.fit(table)")
    #expect(table.output.contains("cannot convert value of type 'Table' to expected argument type 'TrainingPart'"), "\(table.output)")
    let matrix = try Self.check(
      "_ = try Resampling(.smote).resample(recipe.fit(split.training, target: \"y\").recipe.matrix(of: split.test.table), seed: 1)")
    #expect(
      matrix.output.contains("cannot convert value of type 'FeatureMatrix' to expected argument type 'TrainingMatrix'"), "\(matrix.output)")
  }
}
