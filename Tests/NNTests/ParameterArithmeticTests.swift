import NN
import Testing
import Torch

@Suite struct ParameterArithmeticTests {
  @Test func besideATensor() throws {
    let x = try Tensor([1.0, 2, 3])
    let gain = Parameter(try Tensor([2.0, 4, 8]))
    func values(_ tensor: Tensor) throws -> [Double] { try tensor.detach().array(of: Double.self) }
    #expect(try values(x * gain) == [2, 8, 24])
    #expect(try values(gain * x + gain) == [4, 12, 32])
    #expect(try values(x - gain) == [-1, -2, -5])
    #expect(try values(gain - x) == [1, 2, 5])
    #expect(try values(gain / x * 2) == [4, 4, 16.0 / 3])
    #expect(try values(x / gain) == [0.5, 0.5, 0.375])
    #expect(try values(1 + x + gain) == [4, 7, 12])
  }

  @Test func gradientsReachIt() throws {
    let x = try Tensor([1.0, 2, 3])
    let gain = Parameter(shape: [3], .ones, dtype: .float64)
    try (x * gain).sum().backward()
    #expect(try gain.grad?.array(of: Double.self) == [1, 2, 3])
  }

  @Test func whatCouldNotBeMadeThrows() throws {
    let impossible = Parameter(shape: [-1], .ones)
    #expect(throws: TorchError.self) { try Tensor([1.0]) * impossible }
  }

  @Test func lossesSayWhatTheyWereSetTo() throws {
    #expect(Loss.mse.description == "mse")
    #expect(Loss.focal(gamma: 1.5).description == "focal(gamma: 1.5, ignoreIndex: -100)")
    #expect(Loss.crossEntropy(weight: try Tensor([1.0, 2])).settings.hasPrefix("weight: [1.0, 2.0], "))
    // Many numbers are told apart without being written out.
    let many = Loss.crossEntropy(weight: try .ones([1000])).settings
    #expect(many.hasPrefix("weight: a tensor of shape [1000], SHA-256 ") && many.count < 200)
    #expect(try many != Loss.crossEntropy(weight: .zeros([1000])).settings)
  }
}
