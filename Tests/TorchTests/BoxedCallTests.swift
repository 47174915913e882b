import Testing

@testable import Torch

@Suite struct BoxedCallTests {
  @Test func callsByName() throws {
    let x = try Tensor([3, 1, 2] as [Float])
    let results = try TorchOperator("topk")(.tensor(x), .scalar(2))
    #expect(results.count == 2)
    #expect(try results[0].asTensor().array(of: Float.self) == [3, 2])
    #expect(try results[1].asTensor().array(of: Int.self) == [0, 2])
    let sum = try TorchOperator("aten::add.Tensor")(.tensor(x), .tensor(x), .scalar(2))
    #expect(try sum[0].asTensor().array(of: Float.self) == [9, 3, 6])
    let parts = try TorchOperator("aten::split_with_sizes")(.tensor(x), .ints([1, 2]))
    guard case .tensors(let list) = parts[0] else { throw TorchError(.type, "test", "no list") }
    #expect(list.map { $0?.shape } == [[1], [2]])
    let indexed = try TorchOperator("aten::index.Tensor")(.tensor(x), .tensors([Tensor([2, 0] as [Int])]))
    #expect(try indexed[0].asTensor().array(of: Float.self) == [2, 3])
  }

  @Test func recordsGradients() throws {
    let x = try Tensor([3] as [Float]).requiringGrad()
    try TorchOperator("aten::mul.Tensor")(.tensor(x), .tensor(x))[0].asTensor().backward()
    #expect(try x.grad?.array(of: Float.self) == [6])
  }

  @Test func packedWeightsTravelAsOpaqueValues() throws {
    let x = try Tensor.arange(32, dtype: .float32).reshape([2, 16]) / 32
    let weight = try Tensor.arange(128, dtype: .float32).reshape([8, 16]) / 64 - 1
    let pack = try TorchOperator("quantized::linear_prepack_fp16")(.tensor(weight), .none)
    guard case .opaque(let packed) = pack[0] else { throw TorchError(.type, "test", "not opaque: \(pack[0])") }
    #expect(packed.typeName.contains("LinearPackedParams"))
    let result = try TorchOperator("quantized::linear_dynamic_fp16")(.tensor(x), .opaque(packed))[0].asTensor()
    let exact = try x.matmul(weight.transpose(0, 1))
    #expect(try result.sub(exact).abs().amax().double() < 1e-2)
  }

  @Test func wrongCallsAreErrors() throws {
    #expect(throws: TorchError.self) { try TorchOperator("aten::no_such_thing") }
    let add = try TorchOperator("aten::add.Tensor")
    #expect(add.schema.hasPrefix("aten::add.Tensor(Tensor self, Tensor other"))
    let missing = #expect(throws: TorchError.self) { try add(.tensor(Tensor.zeros([1]))) }
    #expect(missing?.message.contains("'other'") == true)
    #expect(throws: TorchError.self) { try add(.string("a"), .string("b")) }
    #expect(throws: TorchError.self) { try add(.tensor(Tensor.zeros([1])), .tensor(Tensor.zeros([1])), .scalar(1), .scalar(1)) }
  }
}
