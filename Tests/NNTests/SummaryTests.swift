import NN
import Testing
import Torch

private final class LeNet: Module, Layer {
  let conv1 = Conv2d(1, 4, kernel: 3), conv2 = Conv2d(4, 8, kernel: 3)
  let fc1 = Linear(200, 16), fc2 = Linear(16, 10)
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    var h = try maxPool2d(relu(conv1(x)), 2)
    h = try maxPool2d(relu(conv2(h)), 2)
    return try fc2(relu(fc1(h.flatten(from: 1))))
  }
}

extension NNSuite {
  @Suite struct SummaryTests {
    @Test func countsOfAConvolutionalNetwork() throws {
      let model = LeNet()
      model.conv1.freeze()
      let result = try summary(of: model, input: [2, 1, 28, 28])
      #expect(result.rows.map(\.path) == ["", "conv1", "conv2", "fc1", "fc2"])
      #expect(result.rows.map(\.outputs) == [[[2, 10]], [[2, 4, 26, 26]], [[2, 8, 11, 11]], [[2, 16]], [[2, 10]]])
      #expect(result.rows.map(\.parameters) == [0, 40, 296, 3216, 170])
      let multiplyAdds = [0, 2 * 4 * 26 * 26 * 9, 2 * 8 * 11 * 11 * 4 * 9, 2 * 200 * 16, 2 * 16 * 10]
      #expect(result.rows.map(\.multiplyAdds) == multiplyAdds)
      #expect(result.multiplyAdds == multiplyAdds.reduce(0, +))
      #expect(result.trainableParameters == 3682)
      #expect(result.frozenParameters == 40)
      #expect(result.parameterBytes == 4 * 3722)
      #expect(model.isTraining && model.fc1.isTraining, "the mode is as it was")
    }

    @Test func theTable() throws {
      let model = Sequential(named: ["conv": Conv2d(3, 8, kernel: 3, bias: false), "norm": BatchNorm2d(8), "act": ReLU()])
      let text = try summary(of: model, input: [1, 3, 10, 10]).description
      #expect(
        text == """
          layer                            output        parameters  multiply-adds
          ────────────────────────────────────────────────────────────────────────
          Sequential                       [1, 8, 8, 8]
            conv: Conv2d(3→8, kernel 3×3)  [1, 8, 8, 8]         216         13,824
            norm: BatchNorm2d(8)           [1, 8, 8, 8]          16
            act: ReLU                      [1, 8, 8, 8]
          ────────────────────────────────────────────────────────────────────────
          parameters     232 (232 trainable, 0 frozen)
          multiply-adds  13,824 for an input of [1, 3, 10, 10]
          memory         parameters 928 B, buffers 72 B, outputs 6.0 KiB
          """, "\(text)")
    }

    @Test func sharedLayersIntegersAndClosures() throws {
      let shared = Linear(4, 4)
      let model = Sequential(Embedding(5, 4), shared, shared)
      let result = try summary(of: model, input: [2, 3], dtype: .int64)
      #expect(result.rows.map(\.calls) == [1, 1, 2])
      #expect(result.parameters == 20 + 20)
      #expect(result.multiplyAdds == 2 * 2 * 3 * 4 * 4)
      let closure = try summary(of: model) { (model) throws(TorchError) in _ = try model(Tensor.zeros([1, 3], dtype: .int64)) }
      #expect(closure.multiplyAdds == 2 * 3 * 4 * 4)
      #expect(throws: TorchError.self) { try summary(of: LeNet(), input: [1, 2, 28, 28]) }
    }

    @Test func multiplyAddsOfTransposedAndGroupedConvolutions() throws {
      let transposed = try summary(of: ConvTranspose2d(2, 3, kernel: 2, stride: 2), input: [1, 2, 4, 4])
      #expect(transposed.multiplyAdds == 2 * 4 * 4 * 3 * 4)
      let depthwise = try summary(of: Conv2d(4, 4, kernel: 3, padding: 1, groups: 4), input: [1, 4, 5, 5])
      #expect(depthwise.multiplyAdds == 4 * 25 * 9)
    }
  }
}
