import Foundation
import Testing

@testable import OperatorGenerator

@Suite struct GenerationTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func allowList() throws -> AllowList {
    try AllowList(yaml: String(contentsOf: root.appending(path: "Tools/operators.yml"), encoding: .utf8))
  }

  /// libtorch's list, which comes with the wheel; a libtorch of one's own may lack it.
  static let functionsFile = root.appending(path: ".deps/torch").resolvingSymlinksInPath().deletingLastPathComponent()
    .appending(path: "torchgen/packaged/ATen/native/native_functions.yaml")
  static var hasFunctions: Bool { FileManager.default.fileExists(atPath: functionsFile.path) }

  static func functions() throws -> FunctionList {
    try FunctionList(yaml: String(contentsOf: functionsFile, encoding: .utf8))
  }

  @Test(.enabled(if: hasFunctions)) func generatingAgainChangesNothing() throws {
    let generation = try OperatorGeneration(functions: Self.functions(), allowList: Self.allowList())
    #expect(generation.differences(from: Self.root) == [])
  }

  @Test func theAllowListCoversTheField() throws {
    #expect(try Self.allowList().operatorNames.count >= 350)
  }

  @Test(.enabled(if: hasFunctions)) func everyDeclarationOfLibtorchIsRead() throws {
    #expect(try Self.functions().count == 2584)
  }

  @Test func writingMakesTheFilesAndRemovesThoseOfGroupsThatAreGone() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "operators-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let both = try generation("first:\n  - relu\nsecond:\n  - add.Tensor\n")
    #expect(try both.write(to: folder).count == 5)
    #expect(both.differences(from: folder) == [])
    let one = try generation("first:\n  - relu\n")
    let gone = ["Sources/CTorch/generated/operators_second.cpp", "Sources/Torch/generated/Tensor+Second.swift"]
    #expect(one.differences(from: folder) == (gone + ["Sources/CTorch/include/generated/ctorch_operators.h"]).sorted())
    _ = try one.write(to: folder)
    #expect(one.differences(from: folder) == [])
    #expect(!FileManager.default.fileExists(atPath: folder.appending(path: gone[0]).path))
  }

  @Test func anUnknownOperatorIsNamedWithItsOverloads() {
    expectFailure("a:\n  - add.Tensr\n", subject: "add.Tensr", words: "libtorch has no such operator; the overloads of add are add.Tensor")
  }

  @Test func aTypeThatCannotBePassedIsNamed() {
    expectFailure("a:\n  - cat.names\n", subject: "cat.names", words: "the C ABI cannot pass dim, which is Dimname")
  }

  @Test func aResultThatCannotBeReturnedIsNamed() {
    expectFailure("a:\n  - qscheme\n", subject: "qscheme", words: "the C ABI cannot return QScheme")
  }

  @Test func twoOperatorsCannotShareASpelling() {
    expectFailure("a:\n  - relu\n  - abs: relu()\n", subject: "abs", words: "it has the same Swift spelling as relu: relu()")
  }

  @Test func anOperatorComesOnce() {
    expectFailure("a:\n  - relu\nb:\n  - relu\n", subject: "relu", words: "it comes twice in the allow-list")
  }

  @Test(arguments: [
    ("relu: relu", "the spelling \"relu\" is not of the form `[package] [static] name(label:_:)`"),
    ("relu: relu(_:)", "the spelling has 1 labels more than there are arguments"),
    ("add.Tensor: add()", "the spelling has no label for other, which has no default"),
    ("relu: relu(a)", "each label in the spelling \"relu(a)\" ends in a colon"),
  ])
  func aSpellingMustFit(entry: String, words: String) {
    expectFailure("a:\n  - \(entry)\n", subject: String(entry.prefix { $0 != ":" }), words: words)
  }

  @Test(arguments: ["- relu\n", "a: relu\n", "a:\n  - {relu: a(), abs: b()}\n", "a: [\n"])
  func anAllowListOfAnotherShapeIsRefused(yaml: String) {
    #expect(throws: GeneratorError.self) { try AllowList(yaml: yaml) }
  }

  private let declarations = FunctionList(
    yaml: """
      - func: relu(Tensor self) -> Tensor
        variants: function, method
      - func: abs(Tensor self) -> Tensor
      - func: add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor
      - func: cat.names(Tensor[] tensors, Dimname dim) -> Tensor
      - func: qscheme(Tensor self) -> QScheme
      """)

  private func generation(_ yaml: String) throws -> OperatorGeneration {
    try OperatorGeneration(functions: declarations, allowList: AllowList(yaml: yaml))
  }

  private func expectFailure(_ yaml: String, subject: String, words: String) {
    let error = #expect(throws: GeneratorError.self) { try generation(yaml) }
    #expect(error?.subject == subject)
    #expect(error?.problem == words)
  }
}
