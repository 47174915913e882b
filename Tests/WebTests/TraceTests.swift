import Access
import Logging
import MartletCore
import NIOCore
import Testing

@testable import Web

@Suite struct TraceTests {
  private static let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

  @Test func `a caller's trace goes on`() {
    let context = TraceContext(header: Self.header, share: 0)
    #expect(context.trace == "4bf92f3577b34da6a3ce929d0e0e4736" && context.parent == "00f067aa0ba902b7" && context.isSampled)
    #expect(context.header.hasPrefix("00-4bf92f3577b34da6a3ce929d0e0e4736-") && context.header.hasSuffix("-01"))
    #expect(context.span.count == 16 && context.span != context.parent)
    #expect(!TraceContext(header: String(Self.header.dropLast()) + "0", share: 1).isSampled)
    // A later version may say more.
    #expect(TraceContext(header: "01" + Self.header.dropFirst(2) + "-more", share: 0).parent == "00f067aa0ba902b7")
  }

  @Test(arguments: [
    "", "x", "00", "00-0-0-0", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
    "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
    "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-xx",
  ]) func `a wrong header begins a new trace`(header: String) {
    let context = TraceContext(header: header, share: 1)
    #expect(context.parent == nil && context.trace.count == 32 && context.isSampled)
    #expect(context.trace != "4bf92f3577b34da6a3ce929d0e0e4736")
  }

  @Test func `the share is kept`() {
    var state: UInt64 = 1
    func random() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state
    }
    let sampled = (0..<4000).count { _ in TraceContext(header: nil, share: 0.25, random: random).isSampled }
    #expect((900...1100).contains(sampled))
    #expect((0..<100).allSatisfy { _ in !TraceContext(header: nil, share: 0).isSampled })
  }

  @Test func `what waits is bounded`() {
    var settings = SpanExporter.Settings(endpoint: "http://127.0.0.1:1/v1/traces")
    settings.capacity = 10
    let exporter = SpanExporter(settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let span = Span(trace: "t", id: "s", parent: nil, name: "n", kind: .server, start: 1, end: 2, attributes: [])
    exporter.add(Array(repeating: span, count: 25))
    #expect(exporter.dropped == 15)
  }

  @Test func `shares of a call, and what larger batches would save`() throws {
    let start = NIODeadline.uptimeNanoseconds(1_000_000_000), end = NIODeadline.uptimeNanoseconds(2_000_000_000)
    func piece(_ items: Int, _ batch: Int) -> RequestWork.Piece {
      RequestWork.Piece(model: "m", version: "1", arrival: start, start: start, end: end, items: items, batchItems: batch)
    }
    #expect(piece(1, 4).seconds == 0.25 && piece(4, 4).seconds == 1 && piece(0, 0).seconds == 1)
    let ledger = CostLedger()
    let ann = Principal(name: "ann", source: .key, credential: "k", roles: [.client], models: [.all])
    for _ in 0..<4 { ledger.add(piece(1, 4), by: ann) }
    let account = CostLedger.Account(model: "m", version: "1", name: "ann", credential: "k")
    #expect(ledger.accounts[account]?.seconds == 1 && ledger.accounts[account]?.pieces == 4)
    // A call takes 3 ms and 1 ms an item.
    let estimate = try #require(BatchEstimate([1: (calls: 80, seconds: 80 * 0.004), 9: (calls: 20, seconds: 20 * 0.012)]))
    #expect(estimate.batchItems == 9)
    #expect(abs(estimate.secondsPerItem - 0.56 / 260) < 1e-12)
    #expect(abs(estimate.secondsPerItemAtBest - (0.003 / 9 + 0.001)) < 1e-12)
    #expect(BatchEstimate([1: (calls: 5, seconds: 1)]) == nil && BatchEstimate([:]) == nil)
    // Where a call of many takes as long for each, nothing is promised.
    #expect(BatchEstimate([1: (calls: 5, seconds: 5), 2: (calls: 5, seconds: 20)]) == nil)
  }
}
