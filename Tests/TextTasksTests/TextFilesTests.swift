import Foundation
import MartletCore
import Tables
import Testing

@testable import TextTasks

/// A folder of a test's own; it goes with the value.
final class TextFolder {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-texts-\(UUID().uuidString)").path

  func write(_ text: String, to name: String) throws -> String {
    let file = path + "/" + name
    try FileManager.default.createDirectory(atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try AtomicFile.write(Data(text.utf8), to: file)
    return file
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite struct TextFilesTests {
  @Test func linesFilesAndFoldersAreTexts() throws {
    let folder = TextFolder()
    let file = try folder.write("\u{FEFF}first line\r\n\nthe second\n   \n第三行\n", to: "a/one.txt")
    #expect(try TextFiles().read([file]).texts(of: "text") == ["first line", "the second", "第三行"])
    #expect(try TextFiles(unit: .file).read([file]).rowCount == 1)
    _ = try folder.write("another\n", to: "b/two.txt")
    let table = try TextFiles(label: "class").read([folder.path])
    #expect(try table.texts(of: "class") == ["a", "b"] && table.rowCount == 2)
    let plain = try TextFiles().read([folder.path + "/a"])
    #expect(plain.columnNames == ["text"] && plain.rowCount == 3)
    #expect(throws: FileError.self) { _ = try TextFiles().read([folder.path + "/missing.txt"]) }
    let broken = folder.path + "/broken.txt"
    try AtomicFile.write(Data([0x61, 0xFF, 0x62]), to: broken)
    #expect(throws: FileError.self) { _ = try TextFiles().read([broken]) }
  }

  @Test func wordsAndTagsComeFromLinesAndLists() throws {
    let folder = TextFolder()
    let file = try folder.write("-DOCSTART- O\n\nJohn NNP B-PER\nlives VBZ O\n\n\nParis NNP B-LOC\n", to: "train.conll")
    let table = try TextFiles().read([file])
    #expect(try table.words(of: "words") == [["John", "lives"], ["Paris"]])
    #expect(try table.words(of: "tags") == [["B-PER", "O"], ["B-LOC"]])
    let lists = try folder.write(#"{"words": ["New", "York"], "tags": ["B-LOC", "I-LOC"]}"# + "\n", to: "rows.jsonl")
    #expect(try TextFiles().read([lists]).words(of: "words") == [["New", "York"]])
    let lone = try folder.write("John\n", to: "bad.conll")
    #expect(throws: FileError.self) { _ = try TextFiles().read([lone]) }
  }

  @Test func everyRowIsInOnePart() throws {
    let split = try TextSplit(rows: 100, test: 0.2, validation: 0.1, limit: nil, seed: 3)
    #expect(split.test.count == 20 && split.validation.count == 8 && split.training.count == 72)
    #expect(Set(split.test + split.validation + split.training) == Set(0..<100))
    #expect(try TextSplit(rows: 100, test: 0.2, validation: 0.1, limit: 5, seed: 3).training.count == 5)
    #expect(try TextSplit(rows: 100, test: 0.2, validation: 0.1, limit: nil, seed: 4).test != split.test)
    #expect(throws: ArgumentError.self) { _ = try TextSplit(rows: 1, test: 0.5, validation: 0, limit: nil, seed: 1) }
  }
}
