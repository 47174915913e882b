import MartletCore
import Testing

@testable import Torch

@Suite struct OperatorTests {
  @Test func aWrongShapeIsAnErrorThatNamesOperatorAndTensors() throws {
    let x = try Tensor.zeros([2, 3])
    let y = try Tensor.zeros([4, 5], dtype: .float64)
    let error = #expect(throws: TorchError.self) { try x.mm(y) }
    #expect(error?.operatorName == "aten::mm")
    #expect(error?.operands.map(\.shape) == [[2, 3], [4, 5]])
    #expect(error?.operands.map(\.dtype) == [.float32, .float64])
  }

  @Test func operatorsWithSeveralResultsOrListsFailTheSameWay() throws {
    let x = try Tensor.zeros([2, 3])
    #expect(throws: TorchError.self) { try x.max(dim: 7) }
    #expect(throws: TorchError.self) { try x.split(0, dim: 5) }
    #expect(throws: TorchError.self) { try x.add_(Tensor.zeros([7])) }
    #expect(throws: TorchError.self) { try x.equal(Tensor.zeros([3], device: .meta)) }
    let error = #expect(throws: TorchError.self) { try Tensor.cat([x, Tensor.zeros([4, 4])], dim: 0) }
    #expect(error?.operands.map(\.shape) == [[2, 3], [4, 4]])
  }

  @Test func listsOfTheWrongLengthAreErrors() throws {
    let x = try Tensor.zeros([1, 2, 4])
    let w = try Tensor.zeros([3, 2, 2])
    #expect(throws: TorchError.self) {
      try x.convolutionBackward(
        x, w, biasSizes: nil, stride: [1], padding: [0], dilation: [1], transposed: false, outputPadding: [0], groups: 1, outputMask: [true]
      )
    }
    #expect(throws: TorchError.self) { try x.permute([0, 0, 1]) }
    #expect(throws: TorchError.self) { try Tensor.stack([]) }
  }

  @Test func sizesBeyondWhatATensorCanHaveAreErrors() throws {
    #expect(throws: TorchError.self) { try Tensor.zeros([Int.max]) }
    #expect(throws: TorchError.self) { try Tensor.zeros([Int.min]) }
    #expect(throws: TorchError.self) { try Tensor.zeros([1 << 40, 1 << 40]) }
  }

  @Test func numbersAndTruthValuesComeBack() throws {
    let x = try Tensor([1.0, 2.0])
    #expect(try x.equal(Tensor([1.0, 2.0])))
    #expect(try !x.equal(Tensor([1.0, 2.5])))
    #expect(try x.allclose(Tensor([1.0, 2.1]), atol: 0.2))
    #expect(try !x.allclose(Tensor([1.0, 2.1])))
    #expect(try x.isSameSize(Tensor.zeros([2])))
    #expect(try Tensor([3]).isNonzero())
  }

  @Test func theKindOfANumberTakesPartInPromotion() throws {
    let x = try Tensor([1, 2])
    #expect(try x.mul(2).dtype == .int64)
    #expect(try x.mul(2.0).dtype == .float32)
    #expect(try x.add(true).dtype == .int64)
  }

  @Test func anArgumentLeftOutTakesLibtorchsDefault() throws {
    let x = try Tensor([Float(-1), 2])
    #expect(try x.leakyRelu().array(of: Float.self) == x.leakyRelu(negativeSlope: 0.01).array(of: Float.self))
    #expect(try Tensor.zeros([2]).dtype == .float32)
    #expect(try Tensor.randperm(3).dtype == .int64)
    #expect(try x.mseLoss(x.neg()).double() == 10)
  }

  @Test func inPlaceOperatorsChangeTheTensorThatTheyAreCalledOn() throws {
    let x = try Tensor([1.0, 2.0])
    let same = x
    try x.add_(Tensor([1.0, 1.0]), alpha: 2)
    try Tensor._foreach_mul_([x], 10)
    #expect(try same.array(of: Double.self) == [30, 40])
  }
}
