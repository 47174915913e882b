import Foundation
import MartletCore
import Project
import Testing

@testable import Commands
@testable import Martlet

/// Tables that nobody wanted: a model or a clear error for each, never a crash.
@Suite(.serialized) struct NastyTableTests {
  /// The name, the file, and whether a model comes of it.
  static let tables: [(name: String, text: String, learns: Bool)] = [
    ("quotes", "a,b\n" + lines { "\"v \"\"\($0 % 3)\"\"\",\($0 % 2 == 0 ? "x" : "y")" }, true),
    ("line breaks in cells", "a,b\n" + lines { "\"first\nsecond \($0 % 4)\",\($0 % 2 == 0 ? "x" : "y")" }, true),
    ("a byte order mark", "\u{FEFF}a,b\n" + lines { "\($0),\($0 % 2 == 0 ? "x" : "y")" }, true),
    ("semicolons", "a;b\n" + lines { "\($0);\($0 % 2 == 0 ? "x" : "y")" }, true),
    ("tabs", "a\tb\n" + lines { "\($0)\t\($0 % 2 == 0 ? "x" : "y")" }, true),
    ("line ends of Windows", "a,b\r\n" + lines { "\($0),\($0 % 2 == 0 ? "x" : "y")" }.replacingOccurrences(of: "\n", with: "\r\n"), true),
    ("numbers and words in one column", "a,b\n" + lines { "\($0 % 3 == 0 ? "many" : String($0)),\($0 % 2 == 0 ? "x" : "y")" }, true),
    ("a column without values", "a,c,b\n" + lines { "\($0),,\($0 % 2 == 0 ? "x" : "y")" }, true),
    ("only columns without values", "a,b\n" + lines { ",\($0 % 2 == 0 ? "x" : "y")" }, false),
    ("a target without values", "a,b\n" + lines { "\($0)," }, false),
    ("some rows without a target", "a,b\n" + lines { "\($0),\(["x", "y", ""][$0 % 3])" }, true),
    ("a target of one value", "a,b\n" + lines { "\($0),x" }, false),
    ("a class of one row", "a,b\n" + lines { "\($0),\($0 == 7 ? "rare" : $0 % 2 == 0 ? "x" : "y")" }, true),
    ("one row", "a,b\n1,x\n", false),
    ("no rows", "a,b\n", false),
    ("nothing at all", "", false),
    ("the target alone", "b\n" + lines { $0 % 2 == 0 ? "x" : "y" }, false),
    ("two columns of one name", "a,a,b\n" + lines { "\($0),\(40 - $0),\($0 % 2 == 0 ? "x" : "y")" }, true),
    (
      "ten thousand columns",
      (0..<10_000).map { "c\($0)" }.joined(separator: ",") + ",b\n"
        + (0..<16).map { row in (0..<10_000).map { String(($0 * row) % 7) }.joined(separator: ",") + (row % 2 == 0 ? ",x\n" : ",y\n") }
        .joined(), true
    ),
    ("rows of different lengths", "a,b\n" + lines { $0 == 5 ? "1,2,3" : "\($0),\($0 % 2 == 0 ? "x" : "y")" }, false),
    ("endless numbers", "a,b\n" + lines { "\($0 % 3 == 0 ? "inf" : "1e308"),\($0 % 2 == 0 ? "x" : "y")" }, false),
    ("names with blanks and signs", "\"a b, c\",\"\u{1F426} %\",b\n" + lines { "\($0),\($0 % 5),\($0 % 2 == 0 ? "x" : "y")" }, true),
    ("another alphabet", "größe,b\n" + lines { "\(["groß", "klein", "大"][$0 % 3]),\($0 % 2 == 0 ? "x" : "y")" }, true),
    ("a name for every row", "a,b\n" + lines { "id-\($0),\($0 % 2 == 0 ? "x" : "y")" }, true),
  ]

  static func lines(_ row: (Int) -> String) -> String { (0..<40).map { row($0) + "\n" }.joined() }

  @Test(arguments: tables.map(\.name)) func aModelOrAClearError(_ name: String) async throws {
    let (_, text, learns) = try #require(Self.tables.first { $0.name == name })
    let place = try TemporaryProject()
    try AtomicFile.write(Data(text.utf8), to: place.folder + "/nasty.csv")
    let file = try place.project(
      "name: nasty\ntask: classification\ndata: {file: nasty.csv, target: b}\nmodels: [tree: {max-depth: 3}]\n"
        + "select: {folds: 2}\nevaluation: {importance: 0, worst: 2}\ntraining: {threads: 1}\n")
    do {
      let run = try await MartletEngine().run(
        RunRequest(project: file, resume: nil, aliases: [], tags: [], note: "", surroundings: place.surroundings))
      #expect(learns && run.version == 1, "\(name) gave a model")
    } catch {
      // Words for people, that name the thing.
      let known = try #require(error as? any MartletError, "\(name): \(error)")
      #expect(!learns && known.problem.count > 8, "\(name): \(known.description)")
    }
  }
}
