import Foundation
import HTTPTypes
import MartletCore
import NIOCore
import Synchronization
import Testing

@testable import Serving
@testable import Web

@Suite struct EnsembleTests {
  /// Gives every item the probabilities of its index, or fails.
  private final class Fixed: Classifier {
    let labels = ["ant", "bee", "cat"]
    let signature = Signature(
      inputs: [TensorSpec(name: "x", dtype: .float32, shape: [nil])],
      outputs: [TensorSpec(name: "probabilities", dtype: .float32, shape: [nil, 3])])
    let rows: [[Float]]
    let isBroken: Bool
    let seen = Mutex<[[Float]]>([])

    init(_ rows: [[Float]], isBroken: Bool = false) {
      self.rows = rows
      self.isBroken = isBroken
    }

    func predict(_ inputs: [String: HostArray]) async throws -> [String: HostArray] {
      let x = try inputs["x"]?.values(as: Float.self) ?? []
      seen.withLock { $0.append(x) }
      if isBroken { throw Echo.Failure() }
      return ["probabilities": try HostArray(x.flatMap { rows[Int($0)] }, shape: [x.count, 3])]
    }
  }

  private static let sure: [[Float]] = [[0.9, 0.1, 0], [0.2, 0.5, 0.3], [0.25, 0.25, 0.5]]
  private static let other: [[Float]] = [[0.5, 0.25, 0.25], [0, 0, 1], [0, 1, 0]]
  private static let third: [[Float]] = [[0, 0.75, 0.25], [0, 0.25, 0.75], [0, 0.5, 0.5]]

  private static func ask(
    _ models: [Fixed], _ rule: EnsembleSpec.Rule, _ failure: EnsembleSpec.MemberFailure = .fail
  ) async throws -> [Float] {
    let repository = try ModelRepository(
      models.enumerated().map { ServedModel(name: "m\($0.offset)", version: "1", predictor: $0.element) },
      settings: ModelRepository.Settings(limits: .init(queue: 100, timeout: .seconds(30))), logger: LogLines().logger)
    try repository.add(EnsembleSpec(name: "all", members: models.indices.map { "m\($0)" }, rule: rule, memberFailure: failure))
    let outputs = try await repository.find("all").predict(["x": HostArray([0, 1, 2] as [Float])])
    return try outputs["probabilities"]?.values(as: Float.self) ?? []
  }

  @Test func `vote, average and weights`() async throws {
    let models = [Fixed(Self.sure), Fixed(Self.other), Fixed(Self.third)]
    let thirds: [Float] = [2.0 / 3, 1.0 / 3, 0, 0, 1.0 / 3, 2.0 / 3, 0, 2.0 / 3, 1.0 / 3]
    // The third item: cat, bee, and a tie that goes to bee, which comes first.
    #expect(try await Self.ask(models, .vote) == thirds)
    let mean = try await Self.ask(models, .average)
    for (index, value) in mean.enumerated() {
      let expected = (Self.sure[index / 3][index % 3] + Self.other[index / 3][index % 3] + Self.third[index / 3][index % 3]) / 3
      #expect(abs(value - expected) < 1e-6)
    }
    #expect(try await Self.ask(models, .weighted([0, 2, 0])) == Self.other.flatMap { $0 })
    let mixed = try await Self.ask(models, .weighted([1, 3, 0]))
    #expect(abs(mixed[0] - (0.9 + 3 * 0.5) / 4) < 1e-6)
  }

  @Test func `a cascade asks the expensive model only where the cheap one is not sure`() async throws {
    let cheap = Fixed(Self.sure), dear = Fixed(Self.other), dearest = Fixed(Self.third)
    let answer = try await Self.ask([cheap, dear, dearest], .cascade(confidence: 0.8))
    #expect(answer == Self.sure[0] + Self.other[1] + Self.other[2])
    #expect(dear.seen.withLock { $0 } == [[1, 2]])
    #expect(dearest.seen.withLock { $0 }.isEmpty)
  }

  @Test func `a member that fails fails all, or is left out`() async throws {
    let broken = Fixed(Self.other, isBroken: true)
    await #expect(throws: Echo.Failure.self) { try await Self.ask([Fixed(Self.sure), broken], .average) }
    #expect(try await Self.ask([Fixed(Self.sure), broken], .average, .skip) == Self.sure.flatMap { $0 })
    await #expect(throws: Echo.Failure.self) { try await Self.ask([broken, broken], .vote, .skip) }
    #expect(try await Self.ask([broken, Fixed(Self.third)], .cascade(confidence: 0.9), .skip) == Self.third.flatMap { $0 })
    #expect(try await Self.ask([Fixed(Self.sure), broken], .cascade(confidence: 0.8), .skip) == Self.sure.flatMap { $0 })
    await #expect(throws: Echo.Failure.self) { try await Self.ask([Fixed(Self.sure), broken], .cascade(confidence: 0.8)) }
  }

  @Test func `an ensemble follows a member that is replaced`() async throws {
    let repository = try ModelRepository(
      [Fixed(Self.sure), Fixed(Self.other)].enumerated().map { ServedModel(name: "m\($0.offset)", version: "1", predictor: $0.element) },
      settings: ModelRepository.Settings(limits: .init(queue: 100, timeout: .seconds(30)), cache: ResponseCache(maxBytes: 1 << 20)),
      logger: LogLines().logger)
    try repository.add(EnsembleSpec(name: "all", members: ["m0", "m1@1"], rule: .cascade(confidence: 0.3)))
    let inputs = ["x": try HostArray([0] as [Float])]
    #expect(try await repository.find("all").predict(inputs)["probabilities"]?.values(as: Float.self) == Self.sure[0])
    try await repository.swap("m0", to: ServedModel(name: "m0", version: "2", predictor: Fixed(Self.third)))
    #expect(try await repository.find("all").predict(inputs)["probabilities"]?.values(as: Float.self) == Self.third[0])
  }

  @Test func `what cannot be an ensemble says why`() throws {
    let repository = try ModelRepository(
      [
        ServedModel(name: "a", version: "1", predictor: Fixed(Self.sure)), LinearClassifier.served(), Echo().served("e"),
        Echo().served("f"),
      ],
      settings: ModelRepository.Settings(limits: .init(queue: 100, timeout: .seconds(30))), logger: LogLines().logger)
    let wrong: [(EnsembleSpec, String)] = [
      (EnsembleSpec(name: "x", members: ["a"], rule: .vote), "it has 1 members"),
      (EnsembleSpec(name: "x", members: ["a", "b"], rule: .vote), "'b' is not served"),
      (EnsembleSpec(name: "x", members: ["a", "x"], rule: .vote), "'x' is not served"),
      (EnsembleSpec(name: "x", members: ["a", "fashion"], rule: .vote), "takes other inputs"),
      (EnsembleSpec(name: "x", members: ["e", "f"], rule: .vote), "do not classify"),
      (EnsembleSpec(name: "x", members: ["e", "f"], rule: .cascade(confidence: 0.5)), "do not classify"),
      (EnsembleSpec(name: "x", members: ["a", "a"], rule: .cascade(confidence: 0)), "confidence is 0.0"),
      (EnsembleSpec(name: "x", members: ["a", "a"], rule: .weighted([1])), "weights are [1.0]"),
      (EnsembleSpec(name: "x", members: ["a", "a"], rule: .weighted([0, 0])), "not all 0"),
    ]
    for (spec, text) in wrong {
      let error = #expect(throws: ServerError.self) { try repository.add(spec) }
      #expect(error?.problem.contains(text) == true, "\(error?.problem ?? "")")
    }
    try repository.add(EnsembleSpec(name: "x", members: ["e", "f"], rule: .average))
    #expect(throws: ServerError.self) { try repository.add(EnsembleSpec(name: "x", members: ["e", "f"], rule: .average)) }
  }

  @Test func `ensembles of tables combine the answers of rows`() async throws {
    func table(_ name: String, _ rows: [(String, Double)]) -> ServedModel {
      ServedModel(name: name, version: "1", predictor: Rows(rows: rows), labels: ["no", "yes"], columns: [])
    }
    let models = [
      table("a", [("yes", 0.9), ("no", 0.6)]), table("b", [("no", 0.7), ("yes", 0.8)]), table("c", [("yes", 0.6), ("yes", 0.6)]),
    ]
    try await withServer(
      .router, models + [Echo().served()],
      ensembles: [
        EnsembleSpec(name: "vote", members: ["a", "b", "c"], rule: .vote),
        EnsembleSpec(name: "mean", members: ["a", "b"], rule: .average),
        EnsembleSpec(name: "cheap", members: ["a", "b"], rule: .cascade(confidence: 0.8)),
      ]
    ) { client in
      let vote = try await client.post("/models/vote/predict", #"{"rows": []}"#)
      #expect(vote.status == 200, "\(vote.text)")
      #expect(vote.json["model"] == "vote")
      #expect(vote.json["predictions"]?.arrayValue?.map { $0["label"] } == ["yes", "yes"])
      #expect(vote.json["predictions"]?.arrayValue?.first?["probabilities"]?["no"]?.doubleValue.map { abs($0 - 1.0 / 3) < 1e-9 } == true)
      let mean = try await client.post("/v1/models/mean:predict", #"{"instances": []}"#)
      #expect(mean.json["predictions"]?.arrayValue?.map { $0["label"] } == ["yes", "yes"])
      #expect(mean.json["predictions"]?.arrayValue?.map { $0["prediction"] } == [1, 1])
      let cheap = try await client.post("/models/cheap/predict", #"{"rows": []}"#)
      // The first row is sure, the second asks the other model.
      #expect(cheap.json["predictions"]?.arrayValue?.map { $0["label"] } == ["yes", "yes"])
      #expect(cheap.json["predictions"]?.arrayValue?.first?["probabilities"]?["yes"]?.doubleValue == 0.9)
    }
  }

  /// Answers every request with the same rows.
  private struct Rows: Predictor {
    let rows: [(String, Double)]
    var signature: Signature { ServedDocument.signature }

    func predict(_ inputs: [String: HostArray]) async throws -> [String: HostArray] {
      let documents = rows.map { label, probability -> JSONValue in
        let rest: JSONValue = .double(1 - probability)
        return [
          "label": .string(label), "prediction": .int(label == "yes" ? 1 : 0),
          "probabilities": label == "yes" ? ["yes": .double(probability), "no": rest] : ["no": .double(probability), "yes": rest],
        ]
      }
      let answer = try JSON.encode(["predictions": .array(documents), "model": "t", "version": "1"] as JSONValue, pretty: false)
      return [ServedDocument.answer: try HostArray([UInt8](answer))]
    }
  }
}
