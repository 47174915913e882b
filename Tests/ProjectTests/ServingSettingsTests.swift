import MartletCore
import Testing

@testable import Project

@Suite struct ServingSettingsTests {
  private static let head = "name: a\ntask: image-classification\ndata: {dataset: x}\n"

  private static func parse(_ serve: String) throws -> ProjectServing { try ProjectFile.parse(head + serve).serve }

  @Test func `how a server computes`() throws {
    let serve = try Self.parse(
      """
      serve:
        execution: {batch: 64, batch-delay: 2.5, instances: 2, threads: 1, queue: 10, timeout: 0.5, hang: 9, cache: 8, memory: 100, on-demand: true}

      """)
    let execution = try #require(serve.execution)
    #expect(execution.batch == 64 && execution.batchDelay == 2.5 && execution.instances == 2 && execution.threads == 1)
    #expect(execution.queue == 10 && execution.timeout == 0.5 && execution.hang == 9 && execution.cache == 8)
    #expect(execution.memory == 100 && execution.onDemand == true)
    #expect(try Self.parse("").execution == nil)
    #expect(try Self.parse("serve: {execution: }\n").execution == ProjectExecution())
  }

  @Test func `ensembles by name`() throws {
    let serve = try Self.parse(
      """
      serve:
        ensembles:
          panel: {members: [a, b@2], rule: weighted, weights: [1, 2.5], on-failure: skip}
          quick: {members: [small, large], rule: cascade, confidence: 0.9}
          mean: {members: [a, b]}

      """)
    let ensembles = try #require(serve.ensembles)
    #expect(ensembles["panel"]?.weights == [1, 2.5])
    #expect(ensembles["panel"]?.memberFailure == .skip)
    #expect(ensembles["quick"]?.rule == .cascade)
    #expect(ensembles["quick"]?.confidence == 0.9)
    #expect(ensembles["mean"]?.rule == .average)
    #expect(ensembles["mean"]?.memberFailure == .fail)
  }

  @Test(arguments: [
    "serve: {execution: {batch: 0}}\n", "serve: {execution: {timeout: 0}}\n", "serve: {execution: {batches: 3}}\n",
    "serve: {ensembles: {x: {members: [a]}}}\n", "serve: {ensembles: {x: {members: [a, b], rule: most}}}\n",
    "serve: {ensembles: {x: {rule: vote}}}\n", "serve: {ensembles: {x: {members: [a, b], confidence: 1.5}}}\n",
  ])
  func `what cannot be`(serve: String) {
    #expect(throws: ProjectError.self) { try Self.parse(serve) }
  }
}
