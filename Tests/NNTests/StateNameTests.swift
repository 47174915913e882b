import Testing

@testable import NN

extension NNSuite {
  @Suite struct StateNameTests {
    @Test(
      "Swift names become PyTorch's",
      arguments: [
        ("weight", "weight"), ("runningMean", "running_mean"), ("numBatchesTracked", "num_batches_tracked"),
        ("inProjWeight", "in_proj_weight"), ("weightIhL0", "weight_ih_l0"), ("conv1", "conv1"), ("layer1Norm", "layer1_norm"),
        ("mlpHead", "mlp_head"), ("outputMLP", "output_mlp"), ("MLPOutput", "mlp_output"), ("already_snake", "already_snake"), ("x", "x"),
      ])
    func snakeCase(_ name: (swift: String, state: String)) { #expect(StateName.of(property: name.swift) == name.state) }

    @Test func labelsOfLazyAndWrappedProperties() {
      #expect(StateName.property(label: "$__lazy_storage_$_head") == "head")
      #expect(StateName.property(label: "_wrapped") == "wrapped")
      #expect(StateName.property(label: "plain") == "plain")
    }

    @Test func paths() {
      #expect(StateName.join("", "a") == "a")
      #expect(StateName.join("a", "") == "a")
      #expect(StateName.join("a", "0") == "a.0")
    }
  }
}
