import Foundation
import MartletCore
import Testing

@testable import Commands

@Suite struct DataCommandTests {
  @Test func checksExitByTheirAnswer() async throws {
    let engine = ScriptedEngine()
    let warned = await martlet("data", "check", "a.csv", "b.csv", "--schema", "s.json", "-o", "r.html", engine: engine)
    #expect(warned.exitCode == 0)
    #expect(
      warned.output
        == """
                 column  expected  found        first rows
        ───────  ──────  ────────  ───────────  ────────────
        warning  age     0 to 120  2 of 9 rows  3: 900, 7: -1

        0 errors and 1 warning in 9 rows of 2 columns
        report: r.html

        """.replacingOccurrences(of: "────────────\nwarning", with: "─────────────\nwarning"))
    let asked = try #require(engine.asked.check)
    #expect(asked.inputs == ["a.csv", "b.csv"] && asked.schema == "s.json" && asked.report == "r.html" && !asked.update)
    #expect(await martlet("data", "check", "a.csv", "--strict", engine: engine).exitCode == 3)
    #expect(await martlet("data", "check", "a.csv", engine: ScriptedEngine(accuracy: 0)).exitCode == 3)
    let good = await martlet("data", "check", "a.csv", engine: ScriptedEngine(accuracy: 1))
    #expect(good.exitCode == 0 && good.output == "9 rows of 2 columns fit data-schema.json\n")
    let written = await martlet("data", "check", "a.csv", "--update", "--target", "y", engine: engine)
    #expect(written.output.hasPrefix("data-schema.json: learned from 9 rows of 2 columns") && engine.asked.check?.target == "y")
    #expect(await martlet("data", "check", "a.csv", "--target", "y", engine: engine).exitCode == 2)
    #expect(await martlet("data", "check", engine: engine).exitCode == 2)
    let document = try await martlet("data", "check", "a.csv", "--json", engine: engine).decode(DataCheckSummary.self)
    #expect(document.passed && document.violations.first?.firstRows == [3, 7])
  }

  @Test func profilesAreShownInShort() async throws {
    let engine = ScriptedEngine()
    let outcome = await martlet("data", "profile", "a.csv", "--target", "y", "-o", "p.html", engine: engine)
    #expect(outcome.exitCode == 0)
    #expect(outcome.output.contains("age     int64     25 %          7  ▁▅█    1 to 9, median 4"), "\(outcome.output)")
    #expect(outcome.output.contains("! 'age' knows the answer. Leave it out.\n"))
    #expect(outcome.output.hasSuffix("9 rows of 1 column, 1.50 s\nreport: p.html\n"))
    #expect(engine.asked.profile?.target == "y" && engine.asked.profile?.fitsModels == true)
    _ = await martlet("data", "profile", "a.csv", "--without-models", engine: engine)
    #expect(engine.asked.profile?.fitsModels == false && engine.asked.profile?.report == "profile.html")
    #expect(try await martlet("data", "profile", "a.csv", "--json", engine: engine).json()["profile"]?["rows"]?.intValue == 9)
  }
}
