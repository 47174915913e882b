import Foundation
import Testing

@testable import Project

/// Files that were made to hurt, and files that are no files.
@Suite struct HostileFileTests {
  private let head = "name: a\ntask: image-classification\ndata: {dataset: x}\n"

  private func lines(_ body: () throws(ProjectError) -> Void) -> [String] {
    do {
      try body()
      return []
    } catch {
      return error.problems.map { $0.text(file: "f") }
    }
  }

  @Test func billionLaughsAsAValue() {
    var text = "a0: &a0 [x, x]\n"
    for level in 1...30 { text += "a\(level): &a\(level) [*a\(level - 1)]\n" }
    let wide =
      "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
      + "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
      + "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
    #expect(
      lines { () throws(ProjectError) in _ = try ProjectFile.parse(wide) }.allSatisfy {
        !$0.contains("aliases") || $0.contains("100000") || $0.contains("unknown")
      })
    let wider = wide + "e: [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
    #expect(
      lines { () throws(ProjectError) in _ = try ProjectFile.parse(wider) } == ["f:1:1: more than 32 aliases (*name); write the values out"]
    )
    #expect(!lines { () throws(ProjectError) in _ = try ProjectFile.parse(text) }.isEmpty)
  }

  @Test func billionLaughsAsAKey() {
    var text = "k0: &k0 [x, x]\n"
    for level in 1...10 { text += "k\(level): &k\(level) [*k\(level - 1), *k\(level - 1), *k\(level - 1)]\n" }
    text += "? *k10\n: 1\n? *k10\n: 2\n"
    #expect(!lines { () throws(ProjectError) in _ = try ProjectFile.parse(text) }.isEmpty)
  }

  @Test func tooManyValuesAfterAliases() {
    var text = "a: &a [" + String(repeating: "x,", count: 20_000) + "x]\n"
    text += "b: [*a, *a, *a, *a, *a, *a]\n"
    #expect(
      lines { () throws(ProjectError) in _ = try ProjectFile.parse(text) }.first?.hasSuffix("the aliases make more than 100000 values")
        == true)
  }

  @Test func deepNesting() {
    let text = head + "model: " + String(repeating: "[", count: 100_000)
    #expect(lines { () throws(ProjectError) in _ = try ProjectFile.parse(text) }.count == 1)
    let closed = head + "model: " + String(repeating: "[", count: 900) + String(repeating: "]", count: 900)
    #expect(
      lines { () throws(ProjectError) in _ = try ProjectFile.parse(closed) } == [
        "f:4:8: model is a list; expected one of mlp, lenet, cnn, resnet18, resnet34, resnet50 and 42 more (martlet schema lists them)"
      ])
  }

  @Test func byteOrderMarkAndLineEndsOfWindows() throws {
    let folder = try Folder()
    let path = try folder.write("martlet.yml", Data([0xEF, 0xBB, 0xBF]) + Data(head.replacingOccurrences(of: "\n", with: "\r\n").utf8))
    #expect(try ProjectFile.load(path).project.name == "a")
    let bad = try folder.write("bad.yml", Data([0xEF, 0xBB, 0xBF]) + Data("nam: a\r\n".utf8))
    #expect(lines { () throws(ProjectError) in _ = try ProjectFile.load(bad) }.first == "f:1:1: unknown key 'nam'; did you mean 'name'?")
  }

  @Test func filesThatAreNone() throws {
    let folder = try Folder()
    let missing = lines { () throws(ProjectError) in _ = try ProjectFile.load(folder.path + "/none.yml") }
    #expect(missing.first?.hasPrefix("f: there is no such file; name another with --project FILE") == true)
    let inside = lines { () throws(ProjectError) in _ = try ProjectFile.load(folder.path) }
    #expect(inside == missing)
    let binary = try folder.write("a.yml", Data([0xFF, 0xFE, 0x6E, 0x00]))
    #expect(lines { () throws(ProjectError) in _ = try ProjectFile.load(binary) } == ["f: the file is not UTF-8 text; save it as UTF-8"])
    let huge = try folder.write("b.yml", Data(repeating: 0x23, count: (1 << 20) + 1))
    #expect(
      lines { () throws(ProjectError) in _ = try ProjectFile.load(huge) } == ["f: the file is larger than 1 MiB; is it a project file?"])
    #expect(lines { () throws(ProjectError) in _ = try ProjectFile.load("/dev/zero") } == ["f: not a regular file"])
  }

  @Test func picturesThatAreNotThere() throws {
    let folder = try Folder()
    _ = try folder.write("list.csv", Data("image,label\n".utf8))
    let text = "name: a\ntask: image-classification\ndata:\n  train: {folder: list.csv}\n  test: {csv: nothing.csv}\n"
    _ = try folder.write("martlet.yml", Data(text.utf8))
    #expect(
      lines { () throws(ProjectError) in _ = try ProjectFile.load(folder.path) } == [
        "f:4:19: data.train.folder names 'list.csv', which is a file; expected a folder",
        "f:5:15: data.test.csv names 'nothing.csv', which is not there; paths start from \(folder.path)",
      ])
    #expect(try ProjectFile.load(folder.path, checkingFiles: false).resolve("list.csv") == folder.path + "/list.csv")
  }
}

/// A folder that goes when its owner does.
final class Folder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-project-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ data: Data) throws -> String {
    try data.write(to: URL(fileURLWithPath: path + "/" + name))
    return path + "/" + name
  }
}
