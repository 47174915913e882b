import Testing

@testable import Tracking

@Suite struct FilterTests {
  private func conditions(_ filter: String) throws -> [Condition] { try FilterGrammar.runs.conditions(filter) }

  @Test func `comparisons are read with their names, operators and values`() throws {
    let found = try conditions("metrics.loss <= 1.5e-2 and params.`learning rate` = 'it''s' AND tags.\"a b\" ILIKE '%x_' AND end_time > 17")
    #expect(
      found == [
        Condition(subject: FilterSubject(kind: .metric, key: "loss"), comparator: .lessOrEqual, value: .number(0.015)),
        Condition(subject: FilterSubject(kind: .parameter, key: "learning rate"), comparator: .equal, value: .text("it's")),
        Condition(subject: FilterSubject(kind: .tag, key: "a b"), comparator: .caselessLike, value: .text("%x_")),
        Condition(subject: FilterSubject(kind: .attribute, key: "end_time"), comparator: .greater, value: .number(17)),
      ])
  }

  @Test func `names keep their dots, other spellings are known, lists and nulls are read`() throws {
    let found = try conditions(
      "tags.mlflow.parentRunId = 'x' AND attributes.`Run name` != \"y\" AND run_id NOT IN ('a', 'b') "
        + "AND params.p IS NOT NULL AND created < -3"
    )
    #expect(found.map(\.subject.key) == ["mlflow.parentRunId", "run_name", "run_id", "p", "start_time"])
    #expect(found[1].value == .text("y"))
    #expect(
      found[2] == Condition(subject: FilterSubject(kind: .attribute, key: "run_id"), comparator: .notAmong, value: .texts(["a", "b"])))
    #expect(found[3].comparator == .isNotNull)
    #expect(try conditions("  ").isEmpty)
  }

  @Test(arguments: [
    "metrics.a > '1'", "params.a = 1", "params.a > '1'", "metrics.a LIKE '1'", "status IN ('FINISHED')", "attributes.nothing = 'x'",
    "colour.x = '1'", "metrics.a", "metrics.a >", "params.a = '1' OR params.a = '2'", "params.a = '1", "metrics.a IS NULL", "run_id IN ()",
    "run_id IN (1)", "run_id IN ('a'", "params.a = '1'; x", "(params.a = '1')", "params.a = b", "' OR 1=1 --",
    "params.a BETWEEN '1' AND '2'",
    "params.a = '1' params.b = '2'", "params.a == '1'", "params.a = '1' AND", "datasets.colour = 'x'", "params.a IS", "NOT params.a = '1'",
    "metrics.a > 1e999", "metrics.a > 1.2.3", "metrics. > 1", "params.a = '1' /* */", "tags.a = 'x' -- comment",
  ])
  func `what is no filter says so`(filter: String) {
    #expect { try conditions(filter) } throws: { ($0 as? TrackingError)?.kind == .invalid }
  }

  @Test func `orders are read`() throws {
    let keys = try FilterGrammar.runs.order(["metrics.loss DESC", "created", "tags.`a b` asc"])
    #expect(keys.map(\.ascending) == [false, true, true])
    #expect(keys.map(\.subject.key) == ["loss", "start_time", "a b"])
    for clause in ["nonsense", "metrics.a SIDEWAYS", "metrics.a DESC NULLS LAST", "", "dataset.name", "a b c"] {
      #expect(throws: TrackingError.self) { try FilterGrammar.runs.order([clause]) }
    }
    #expect(throws: TrackingError.self) { try FilterGrammar.runs.order(["metrics.a", "metrics.a DESC"]) }
  }

  @Test(arguments: [
    ("a%b", "axxb", true), ("a%b", "ab", true), ("a%b", "abc", false), ("_", "ü", true), ("%%x%", "yxz", true), ("", "", true),
    ("", "a", false),
    ("a_c", "abc", true), ("a_c", "ac", false), ("%ab%ab", "xabyabab", true), ("A", "a", false),
  ])
  func `patterns match`(pattern: String, text: String, expected: Bool) { #expect(LikePattern(pattern).matches(text) == expected) }

  @Test func `patterns take no time that explodes`() {
    #expect(!LikePattern(String(repeating: "%a", count: 200) + "b").matches(String(repeating: "a", count: 3000)))
  }

  @Test func `a long filter and too many comparisons are refused`() {
    #expect(throws: TrackingError.self) { try conditions(String(repeating: " ", count: 20_000) + "metrics.a > 1") }
    #expect(throws: TrackingError.self) { try conditions(Array(repeating: "metrics.a > 1", count: 100).joined(separator: " AND ")) }
  }
}
